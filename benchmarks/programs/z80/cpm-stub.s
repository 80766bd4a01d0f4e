; What ZEXDOC needs of CP/M: calls 2 and 9 keep what is printed in memory, and a jump to 0 ends the run.

        .org $0000

end:    jr end

        .org $0005

        jp call             ; programs take their stack from this address

        .org $F000

call:   ld hl,(next)
        ld a,c
        cp 2
        jr z,@character
        cp 9
        ret nz
@string: ld a,(de)
        cp '$'
        jr z,@done
        ld (hl),a
        inc hl
        inc de
        jr @string
@character: ld (hl),e
        inc hl
@done:  ld (next),hl
        ret

next:   .word text
text:
