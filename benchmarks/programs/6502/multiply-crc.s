; 256 products of 8 by 8 bits, each folded into a CRC-16 (polynomial $1021, from $FFFF), whose low byte is the next
; factor; the result is the CRC.

number = $10
shifted = $11
product = $12               ; 16 bits

pass:   lda #$FF
        sta result
        sta result + 1
        lda #0
        sta number
@next:  lda number
        sta shifted
        lda #0
        sta product
        ldx #8
@bit:   lsr shifted
        bcc @shift
        clc
        adc result
@shift: ror a
        ror product
        dex
        bne @bit
        jsr fold            ; high byte
        lda product
        jsr fold
        inc number
        bne @next
        rts

fold:   eor result + 1
        sta result + 1
        ldx #8
@bit:   asl result
        rol result + 1
        bcc @clear
        lda result
        eor #$21
        sta result
        lda result + 1
        eor #$10
        sta result + 1
@clear: dex
        bne @bit
        rts
