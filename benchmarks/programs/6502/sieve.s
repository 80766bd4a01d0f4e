; Sieve of Eratosthenes over the odd numbers 3 to 16385; the result is how many of them are prime.

FLAGS = $2000               ; one byte a number, 1 while it may be prime
END = $4000

pointer = $10
prime = $12
multiple = $14

pass:   ldy #0
        sty pointer
        lda #>FLAGS
        sta pointer + 1
        ldx #>(END - FLAGS)
        lda #1
@fill:  sta (pointer),y
        iny
        bne @fill
        inc pointer + 1
        dex
        bne @fill
        lda #>FLAGS
        sta pointer + 1
        lda #3
        sta prime
        sty prime + 1
        sty result
        sty result + 1
@scan:  lda (pointer),y
        beq @next
        lda pointer
        clc
        adc prime
        sta multiple
        lda pointer + 1
        adc prime + 1
@strike: cmp #>END
        bcs @count
        sta multiple + 1
        lda #0
        sta (multiple),y
        lda multiple
        adc prime           ; carry is clear
        sta multiple
        lda multiple + 1
        adc prime + 1
        bne @strike
@count: inc result
        bne @next
        inc result + 1
@next:  lda prime
        clc
        adc #2
        sta prime
        bcc @same
        inc prime + 1
@same:  inc pointer
        bne @scan
        inc pointer + 1
        lda pointer + 1
        cmp #>END
        bne @scan
        rts
