; Copies 16 KiB. The first byte changes with each pass; the result is the last and the first but one.

SOURCE = $4000
TARGET = $8000
SIZE = $4000

from = $10
to = $12

start:  ldy #0
        sty from
        sty to
        ldx #>SIZE
        lda #>SOURCE
        sta from + 1
@fill:  tya
        eor from + 1
        sta (from),y
        iny
        bne @fill
        inc from + 1
        dex
        bne @fill
        jmp main

pass:   inc SOURCE
        ldy #0
        ldx #>SIZE
        lda #>SOURCE
        sta from + 1
        lda #>TARGET
        sta to + 1
@copy:  lda (from),y
        sta (to),y
        iny
        bne @copy
        inc from + 1
        inc to + 1
        dex
        bne @copy
        lda TARGET + SIZE - 1
        sta result
        lda TARGET + 1
        sta result + 1
        rts
