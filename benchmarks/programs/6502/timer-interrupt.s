; What a timer's interrupts do while a program computes: they are counted.

TIMER = $F000               ; read: acknowledge

ticks = $F6                 ; 16 bits

start:  cli
        jmp main

interrupt:
        pha
        inc ticks
        bne @low
        inc ticks + 1
@low:   lda TIMER
        pla
        rti

        .org $FFFE
        .word interrupt
