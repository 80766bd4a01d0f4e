; 256 products of 8 by 8 bits, each folded into a CRC-16 (polynomial $1021, from $FFFF), whose low byte is the next
; factor; the result is the CRC.

pass:   ld hl,$FFFF         ; the CRC
        ld c,0              ; the number
@next:  push hl
        ld a,c
        ld d,0
        ld e,l
        ld hl,0
        ld b,8
@bit:   rrca
        jr nc,@shift
        add hl,de
@shift: sla e
        rl d
        djnz @bit
        ex de,hl            ; the product
        pop hl
        ld a,d
        call fold
        ld a,e
        call fold
        inc c
        jr nz,@next
        ld (result),hl
        ret

fold:   xor h
        ld h,a
        ld b,8
@bit:   add hl,hl
        jr nc,@clear
        ld a,l
        xor $21
        ld l,a
        ld a,h
        xor $10
        ld h,a
@clear: djnz @bit
        ret
