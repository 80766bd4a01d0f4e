; The frame of the programs: runs `pass` for ever, counts passes, and compares what each has left in `result`. It takes
; the same cycles each time. EXPECTED comes from outside.

result = $F0                ; 16 bits
passes = $F2                ; 16 bits
errors = $F4

        .org $0400

main:   jsr pass
        lda result
        cmp #<EXPECTED
        bne @wrong
        lda result + 1
        cmp #>EXPECTED
        beq @right
@wrong: inc errors
@right: lda passes
        clc
        adc #1
        sta passes
        lda passes + 1
        adc #0
        sta passes + 1
        jmp main

        .org $0500
