; The program in the ROM of the 6502 of the machine `second-processor`. It has the console: what is typed it sends to the
; Z80, and what that sends back it prints, by interrupt. Ctrl-D ends the run.

MAILBOX = $8000             ; a byte for the other, or from it
STATUS = $8001              ; bit 7: one has come, bit 6: the last one was not taken yet
CONSOLE = $8010             ; write: print; read: take what was typed
CONSOLE_STATUS = $8011      ; bit 7: something was typed
EXIT = $8020                ; write: end the run with this status

ENTER = 10
END_OF_TEXT = 4             ; Ctrl-D

busy = $10                  ; not 0: the Z80 has not answered the last line yet

        .org $f000

reset:  ldx #$ff
        txs
        cld
        lda #0
        sta busy
        tax
@banner:
        lda banner,x
        beq @start
        sta CONSOLE
        inx
        bne @banner
@start: cli

; One line at a time: while the Z80 works, nothing is read.
main:   lda busy
        bne main
@wait:  bit CONSOLE_STATUS
        bpl @wait
        lda CONSOLE
        cmp #END_OF_TEXT
        beq finish
        cmp #ENTER
        bne @send
        inc busy
        bne @put
@send:  sta CONSOLE
@put:   bit STATUS
        bvs @put
        sta MAILBOX
        jmp main

finish: lda #ENTER
        sta CONSOLE
        lda #0
        sta EXIT
@stop:  jmp @stop

; The Z80 has sent something. A line ends its answer.
interrupt:
        pha
        lda MAILBOX
        sta CONSOLE
        cmp #ENTER
        bne @return
        lda #0
        sta busy
@return:
        pla
        rti

banner: .byte "A 6502 and a Z80. Type numbers up to 65535; Ctrl-D ends.", 10, 0

        .org $fffa
        .word reset, reset, interrupt
