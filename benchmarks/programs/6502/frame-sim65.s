; The frame of the programs for sim65: runs `pass` COUNT times and ends the simulation, with status 1 if the last
; result was wrong. COUNT and EXPECTED come from outside.

SIM65_EXIT = $FFF9

result = $F0                ; 16 bits
left = $F2                  ; 24 bits

        .org $0400

main:   lda #<COUNT
        sta left
        lda #>COUNT
        sta left + 1
        lda #>(COUNT >> 8)
        sta left + 2
@again: jsr pass
        lda left
        bne @low
        lda left + 1
        bne @middle
        dec left + 2
@middle: dec left + 1
@low:   dec left
        lda left
        ora left + 1
        ora left + 2
        bne @again
        lda result
        cmp #<EXPECTED
        bne @wrong
        lda result + 1
        cmp #>EXPECTED
        bne @wrong
        lda #0
        jmp SIM65_EXIT
@wrong: lda #1
        jmp SIM65_EXIT

        .org $0500
