; The program of the Z80 of the machine `second-processor`. It has no console, only a mailbox: it gets lines with a
; number in them, finds its prime factors, and sends them back as text. Lines come in by interrupts in mode 1.

MAILBOX = $00               ; a byte for the other, or from it
STATUS = $01                ; bit 7: one has come, bit 6: the last one was not taken yet
ENTER = 10

input = $8000               ; ring of 256 bytes
head = $8100                ; where the next character goes
tail = $8101                ; where the next one is taken
number = $8102              ; digits of a number, last first

        jp start

        .org $0038
        push af
        push hl
        ld hl,(head)
        ld h,>input
        in a,(MAILBOX)
        ld (hl),a
        ld a,l
        inc a
        ld (head),a
        pop hl
        pop af
        ei
        reti

start:  ld sp,$0000         ; the stack grows down from $ffff
        ld hl,0
        ld (head),hl
        im 1
        ei

; Read a number into HL.
again:  ld hl,0
@digit: call get
        cp ENTER
        jr z,@factor
        sub '0'
        cp 10
        jr nc,@digit        ; no digit
        ld d,h
        ld e,l
        add hl,hl
        add hl,hl
        add hl,de
        add hl,hl
        ld d,0
        ld e,a
        add hl,de
        jr @digit

; Divide by 2, 3, 5, 7, 9 … as often as that goes; what is left is a prime, or 1, or 0.
@factor:
        ld a,' '
        call put
        ld a,'='
        call put
        ld b,2
@try:   ld a,h
        or a
        jr nz,@small
        ld a,l
        cp 2
        jr c,@last
@small: call divide         ; DE = HL / B, remainder A
        or a
        jr nz,@next
        ld a,d
        or a
        jr nz,@divides
        ld a,e
        cp 1
        jr z,@last          ; the number itself
@divides:
        ex de,hl
        push hl
        ld h,0
        ld l,b
        push bc
        call print_number
        pop bc
        pop hl
        ld a,' '
        call put
        ld a,'x'
        call put
        jr @try
@next:  ld a,d              ; no divisor is left once the quotient is smaller
        or a
        jr nz,@step
        ld a,e
        cp b
        jr c,@last
@step:  inc b               ; 256 squared is too large already
        jr z,@last
        ld a,b
        cp 3
        jr z,@try
        inc b
        jr @try
@last:  call print_number
        ld a,ENTER
        call put
        jr again

; DE = HL / B, the remainder in A; HL and B stay.
divide: push hl
        ld c,16
        xor a
        ld d,a
        ld e,a
@bit:   add hl,hl
        rla
        jr c,@fits          ; nine bits are more than B
        cp b
        jr c,@no
@fits:  sub b
        scf
        jr @shift
@no:    or a
@shift: rl e
        rl d
        dec c
        jr nz,@bit
        pop hl
        ret

; Print a blank and HL in decimal.
print_number:
        ld a,' '
        call put
        ld de,number
@digit: push de
        ld b,10
        call divide
        ex de,hl            ; the quotient
        pop de
        add a,'0'
        ld (de),a
        inc de
        ld a,h
        or l
        jr nz,@digit
        ex de,hl
@show:  dec hl
        ld a,(hl)
        call put
        ld a,l
        cp <number
        jr nz,@show
        ret

; The next character of the input, in A. While there is none, the CPU sleeps.
get:    push hl
@look:  ld hl,(head)        ; H is the tail
        ld a,h
        cp l
        jr nz,@take
        halt
        jr @look
@take:  inc a
        ld (tail),a
        ld l,h
        ld h,>input
        ld a,(hl)
        pop hl
        ret

; Send A, once the last one was taken.
put:    push af
@wait:  in a,(STATUS)
        bit 6,a
        jr nz,@wait
        pop af
        out (MAILBOX),a
        ret
