; Copies 16 KiB. The first byte changes with each pass; the result is the last and the first but one.

SOURCE = $4000
TARGET = $8000
SIZE = $4000

start:  ld hl,SOURCE
@fill:  ld a,l
        xor h
        ld (hl),a
        inc hl
        ld a,h
        cp >TARGET
        jr nz,@fill
        jp main

pass:   ld hl,SOURCE
        inc (hl)
        ld de,TARGET
        ld bc,SIZE
        ldir
        ld a,(TARGET + SIZE - 1)
        ld (result),a
        ld a,(TARGET + 1)
        ld (result + 1),a
        ret
