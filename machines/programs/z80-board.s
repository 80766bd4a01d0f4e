; The program in the ROM of the machine `z80-board`: it turns each line round that is typed, and says when it came.
;
; All it does, it does by interrupts in mode 2. Channel 2 of the CTC counts time, channel A of the SIO receives and
; sends characters, and the PIO watches a pin: port A shows a count, and is wired to port B. Ctrl-D ends the run.

PIO_A = $00                 ; data
PIO_A_CONTROL = $02
PIO_B_CONTROL = $03
SIO_A = $08                 ; data
SIO_A_CONTROL = $0a
SIO_B_CONTROL = $0b
CTC_0 = $10                 ; takes the vector
CTC_2 = $12
EXIT = $18                  ; write: end the run with this status

; 3.6864 MHz / 256 / 144 is 100 Hz.
TIMER = %10100111           ; interrupt, timer by 256, time constant follows, reset
TIME_CONSTANT = 144

ENTER = 10
END_OF_TEXT = 4             ; Ctrl-D

output = $8000              ; rings of 256 bytes
input = $8100
line = $8200
output_head = $8300         ; where the next character goes
output_tail = $8301         ; where the next one is taken
input_head = $8302
input_tail = $8303
sending = $8304             ; not 0: the SIO will interrupt when it has room
ticks = $8306               ; 10 ms each
blinks = $8308              ; times that pin 4 went high
number = $830a              ; digits of a number, last first

        jp start

; Mode 2 takes the address of a routine from here: I has the high byte, the device gives the low one.
        .align 256
vectors:
        .word ignore, ignore, tick, ignore              ; 00: CTC, by channel
        .word ignore, ignore, ignore, ignore
        .word ignore, ignore, ignore, ignore            ; 10: SIO, channel B, then A:
        .word room, modem, character, receive_error     ; transmit, external, receive, error
        .word ignore, pin                               ; 20: PIO
CTC_VECTOR = $00
SIO_VECTOR = $10
PIO_VECTOR = $22            ; of port B

start:  ld sp,$0000         ; the stack grows down from $ffff
        ld hl,output_head
        ld de,output_head+1
        ld bc,63
        ld (hl),0
        ldir
        ld a,>vectors
        ld i,a
        im 2

        ld hl,sio_b_setup
        ld bc,(sio_a_setup-sio_b_setup)<<8 | SIO_B_CONTROL
        otir
        ld bc,(pio_a_setup-sio_a_setup)<<8 | SIO_A_CONTROL
        otir
        ld bc,(pio_b_setup-pio_a_setup)<<8 | PIO_A_CONTROL
        otir
        ld bc,(setup_end-pio_b_setup)<<8 | PIO_B_CONTROL
        otir
        ld a,CTC_VECTOR
        out (CTC_0),a
        ld a,TIMER
        out (CTC_2),a
        ld a,TIME_CONSTANT
        out (CTC_2),a
        ei

        ld hl,banner
        call print
prompt: ld hl,prompt_text
        call print
        ld hl,line
read:   call get
        cp END_OF_TEXT
        jr z,finish
        call put
        cp ENTER
        jr z,turn
        ld (hl),a
        inc l
        jr nz,read          ; a longer one begins anew

; Print the line from its end to its beginning.
turn:   ld a,l
        or a
        jr z,@when
@next:  dec l
        ld a,(hl)
        call put
        ld a,l
        or a
        jr nz,@next
@when:  ld hl,at_text
        call print
        ld hl,(ticks)
        call print_number
        ld hl,ticks_text
        call print
        ld hl,(blinks)
        call print_number
        ld hl,blinks_text
        call print
        jr prompt

finish: ld hl,bye
        call print
@wait:  halt
        ld a,(sending)
        or a
        jr nz,@wait
@last:  ld a,1              ; and until the last stop bit has gone out
        out (SIO_A_CONTROL),a
        in a,(SIO_A_CONTROL)
        rrca
        jr nc,@last
        xor a
        out (EXIT),a
        halt

; The next character that was typed, in A. While there is none, the CPU sleeps.
get:    ld a,(input_tail)
        ld e,a
        ld a,(input_head)
        cp e
        jr nz,@take
        halt
        jr get
@take:  ld d,>input
        ld a,e
        inc a
        ld (input_tail),a
        ld a,(de)
        ret

; Print the text at HL, to its 0.
print:  ld a,(hl)
        or a
        ret z
        call put
        inc hl
        jr print

; Print the character in A: at once if nothing is under way, else after what is. A and HL stay.
put:    push hl
        push af
        ld h,>output
@room:  ld a,(output_head)
        ld l,a
        inc a
        ld e,a
        ld a,(output_tail)
        cp e
        jr nz,@has_room
        halt
        jr @room
@has_room:
        pop af
        di
        ld (hl),a
        ld d,a
        ld a,(sending)
        or a
        ld a,d
        jr nz,@later
        out (SIO_A),a
        ld a,1
        ld (sending),a
        jr @done
@later: ld a,e
        ld (output_head),a
@done:  ei
        ld a,d
        pop hl
        ret

; Print HL in decimal.
print_number:
        ld de,number
@digit: ld b,16             ; HL / 10, the remainder in A
        xor a
@bit:   add hl,hl
        rla
        cp 10
        jr c,@no
        sub 10
        inc l
@no:    djnz @bit
        add a,'0'
        ld (de),a
        inc de
        ld a,h
        or l
        jr nz,@digit
        ex de,hl
@show:  dec hl
        ld a,(hl)
        push hl
        call put
        pop hl
        ld a,l
        cp <number
        jr nz,@show
        ret

; Interrupt routines. The first thing they do is to let those of higher priority interrupt them.

tick:   ei
        push af
        push hl
        ld hl,(ticks)
        inc hl
        ld (ticks),hl
        ld a,l
        out (PIO_A),a
        pop hl
        pop af
        reti

pin:    ei
        push hl
        ld hl,(blinks)
        inc hl
        ld (blinks),hl
        pop hl
        reti

character:
        ei
        push af
        push hl
        ld hl,(input_head)
        ld h,>input
        in a,(SIO_A)
        ld (hl),a
        ld a,l
        inc a
        ld (input_head),a
        pop hl
        pop af
        reti

room:   ei
        push af
        push hl
        ld hl,(output_tail)
        ld h,>output
        ld a,(output_head)
        cp l
        jr z,@empty
        ld a,(hl)
        inc l
        out (SIO_A),a
        ld a,l
        ld (output_tail),a
        jr @done
@empty: ld a,$28            ; reset the transmitter's interrupt
        out (SIO_A_CONTROL),a
        xor a
        ld (sending),a
@done:  pop hl
        pop af
        reti

modem:  ei
        push af
        ld a,$10            ; reset external/status interrupts
        out (SIO_A_CONTROL),a
        pop af
        reti

receive_error:
        ei
        push af
        ld a,$30            ; reset errors
        out (SIO_A_CONTROL),a
        in a,(SIO_A)
        pop af
        reti

ignore: ei
        reti

; What the chips are sent.
sio_b_setup:
        .byte $18                       ; reset
        .byte 2, SIO_VECTOR
        .byte 1, %00000100              ; status affects vector
sio_a_setup:
        .byte $18
        .byte 4, %01000100              ; 16 clocks a bit, 1 stop bit, no parity
        .byte 3, %11000001              ; 8 bits, receiver on
        .byte 5, %11101010              ; DTR, 8 bits, transmitter on, RTS
        .byte 1, %00011011              ; interrupts of all kinds
pio_a_setup:
        .byte %11001111, %00000000      ; mode 3, all outputs
pio_b_setup:
        .byte PIO_VECTOR
        .byte %11001111, %11111111      ; mode 3, all inputs
        .byte %10110111, %11101111      ; interrupt when pin 4 becomes high
setup_end:

banner: .byte "Z80, CTC, SIO and PIO in interrupt mode 2. Type a line; Ctrl-D ends.", 10, 0
prompt_text:
        .byte "> ", 0
at_text:
        .byte " (at ", 0
ticks_text:
        .byte " ticks, ", 0
blinks_text:
        .byte " blinks)", 10, 0
bye:    .byte 10, "bye", 10, 0
