; The program in the ROM of the machine `board`: a Mandelbrot set in text, drawn while the VIA counts time.
;
; Numbers are fixed-point, 16 bits with 9 of them after the point. There is no multiplication: with a table of squares,
; 2xy is (x+y)^2 - x^2 - y^2. Only instructions of the NMOS 6502 are used, so that it runs on all variants.

CONSOLE = $8000             ; write: print
TIMER_LOW = $8014           ; VIA: timer 1
TIMER_HIGH = $8015
VIA_MODES = $801B           ; auxiliary control
VIA_INTERRUPTS = $801E      ; interrupt enable
EXIT = $8020                ; write: end the run with this status

; 2 MHz: 20,000 cycles between interrupts are 10 ms. The timer adds 2.
TIMER_COUNT = 20000 - 2

COLUMNS = 76
ROWS = 31
LEFT = 0 - 1080             ; -2.11
TOP = 0 - 570               ; -1.11
STEP_X = 19                 ; a character is about twice as high as wide
STEP_Y = 38
LIMIT = 32                  ; iterations; the number of shades, too

SQUARES_LOW = $1000         ; squares of 0-2047, below 4.0; low bytes, then high bytes
SQUARES_HIGH = $1800

ticks = $10                 ; interrupts so far
pointer = $12
value = $14
zx = $16
zy = $18
cx = $1A
cy = $1C
zx2 = $1E
zy2 = $20
sum = $22
count = $24
column = $25
row = $26
square3 = $27               ; 24 bits
number = $2A
digits = $2C
started = $2D

        .org $C000

reset:  sei
        cld
        ldx #$FF
        txs
        jsr start_clock
        cli
        lda #<banner
        ldy #>banner
        jsr print
        jsr make_squares
        jsr draw
        jsr report
        lda #0
        sta EXIT
stop:   jmp stop

; Have timer 1 interrupt every 10 ms.
start_clock:
        lda #0
        sta ticks
        sta ticks+1
        lda #$40            ; free-running
        sta VIA_MODES
        lda #$C0            ; timer 1 may interrupt
        sta VIA_INTERRUPTS
        lda #<TIMER_COUNT
        sta TIMER_LOW
        lda #>TIMER_COUNT
        sta TIMER_HIGH
        rts

interrupt:
        pha
        lda TIMER_LOW       ; takes the interrupt back
        inc ticks
        bne interrupted
        inc ticks+1
interrupted:
        pla
        rti

; Print the text at A (low byte), Y (high byte), which ends with 0.
print:  sta pointer
        sty pointer+1
        ldy #0
next_character:
        lda (pointer),y
        beq printed
        sta CONSOLE
        iny
        bne next_character
printed:
        rts

; Fill the table: (n+1)^2 is n^2 + 2n + 1.
make_squares:
        lda #0
        sta value
        sta value+1
        sta square3
        sta square3+2
        sta pointer
        lda #1              ; a half, for rounding
        sta square3+1
next_square:
        lda #>SQUARES_LOW   ; pointer = table + n, whose low byte is that of n
        clc
        adc value+1
        sta pointer+1
        ldy value
        lda square3+2       ; square / 512
        lsr a
        tax
        lda square3+1
        ror a
        sta (pointer),y
        lda pointer+1
        clc
        adc #8              ; from the low bytes to the high bytes
        sta pointer+1
        txa
        sta (pointer),y
        sec                 ; square + n + n + 1
        jsr add_value
        clc
        jsr add_value
        inc value
        bne next_square
        inc value+1
        lda value+1
        cmp #8
        bne next_square
        rts
add_value:
        lda square3
        adc value
        sta square3
        lda square3+1
        adc value+1
        sta square3+1
        lda square3+2
        adc #0
        sta square3+2
        rts

; Square of `value`: low byte in X, high byte in A. Carry set: 4.0 or more, not in the table.
square: lda value+1
        bpl positive
        lda #0
        sec
        sbc value
        sta pointer
        lda #0
        sbc value+1
        jmp look_up
positive:
        ldx value
        stx pointer
look_up:
        cmp #8
        bcs square_done
        adc #>SQUARES_LOW
        sta pointer+1
        ldy #0
        lda (pointer),y
        tax
        lda pointer+1
        adc #8
        sta pointer+1
        lda (pointer),y
square_done:
        rts

draw:   lda #<TOP
        sta cy
        lda #>TOP
        sta cy+1
        lda #ROWS
        sta row
next_row:
        lda #<LEFT
        sta cx
        lda #>LEFT
        sta cx+1
        lda #COLUMNS
        sta column
next_column:
        jsr iterate
        ldx count
        lda shades,x
        sta CONSOLE
        lda cx
        clc
        adc #STEP_X
        sta cx
        bcc same_page
        inc cx+1
same_page:
        dec column
        bne next_column
        lda #10
        sta CONSOLE
        lda cy
        clc
        adc #STEP_Y
        sta cy
        bcc same_page_y
        inc cy+1
same_page_y:
        dec row
        bne next_row
        rts

; z = z^2 + c from 0 until |z| > 2: how often, in `count`.
iterate:
        lda #0
        sta zx
        sta zx+1
        sta zy
        sta zy+1
        sta count
again:  lda zx
        sta value
        lda zx+1
        sta value+1
        jsr square
        bcs escaped
        stx zx2
        sta zx2+1
        lda zy
        sta value
        lda zy+1
        sta value+1
        jsr square
        bcs escaped
        stx zy2
        sta zy2+1
        lda zx2             ; |z|^2
        clc
        adc zy2
        sta sum
        lda zx2+1
        adc zy2+1
        sta sum+1
        cmp #8
        bcs escaped
        inc count
        lda count
        cmp #LIMIT
        beq escaped
        lda zx              ; (zx + zy)^2
        clc
        adc zy
        sta value
        lda zx+1
        adc zy+1
        sta value+1
        jsr square
        tay                 ; zy = (zx + zy)^2 - |z|^2 + cy
        txa
        sec
        sbc sum
        sta zy
        tya
        sbc sum+1
        sta zy+1
        lda zy
        clc
        adc cy
        sta zy
        lda zy+1
        adc cy+1
        sta zy+1
        lda zx2             ; zx = zx^2 - zy^2 + cx
        sec
        sbc zy2
        sta zx
        lda zx2+1
        sbc zy2+1
        sta zx+1
        lda zx
        clc
        adc cx
        sta zx
        lda zx+1
        adc cx+1
        sta zx+1
        jmp again
escaped:
        rts

; Say how long it took: ticks are hundredths of a second.
report: lda #<drawn
        ldy #>drawn
        jsr print
        sei                 ; both bytes of the same moment
        lda ticks
        sta number
        lda ticks+1
        sta number+1
        cli
        lda #0
        sta started
        ldx #0
next_digit:
        lda #0
        sta digits
subtract:
        lda number
        sec
        sbc powers_low,x
        tay
        lda number+1
        sbc powers_high,x
        bcc digit_done
        sta number+1
        sty number
        inc digits
        jmp subtract
digit_done:
        lda digits
        ora started
        bne print_digit
        cpx #2              ; no zeros before the units
        bcc skip_digit
print_digit:
        lda #$30
        sta started
        ora digits
        sta CONSOLE
skip_digit:
        cpx #2
        bne no_point
        lda #$2E
        sta CONSOLE
no_point:
        inx
        cpx #5
        bne next_digit
        lda #<seconds
        ldy #>seconds
        jmp print

powers_low:
        .byte <10000, <1000, <100, <10, <1
powers_high:
        .byte >10000, >1000, >100, >10, >1

; A shade for each count; the last is the set itself.
shades: .text "   ..,:;=+*xxXX%%&&&&$$$$$######@"

banner: .text "Backplane: a 65C02, a VIA and a console, put together from machines/board.json"
        .byte 10, 10, 0
drawn:  .byte 10
        .text "Drawn in "
        .byte 0
seconds:
        .text " s of the board's own time, counted by timer 1 of its VIA."
        .byte 10, 0

        .org $FFFA
        .word reset         ; NMI: nobody pulls it
        .word reset
        .word interrupt
