; The frame of the programs: runs `pass` for ever, counts passes, and compares what each has left in `result`. It takes
; the same T-states each time. EXPECTED comes from outside; SP is 0, so that the stack grows down from $FFFF.

result = $F0                ; 16 bits
passes = $F2                ; 16 bits
errors = $F4

        .org $0400

main:   call pass
        ld hl,(result)
        ld de,EXPECTED
        or a
        sbc hl,de
        jr z,@right
        ld hl,errors
        inc (hl)
@right: ld hl,(passes)
        inc hl
        ld (passes),hl
        jp main

        .org $0500
