; Sieve of Eratosthenes over the odd numbers 3 to 16385; the result is how many of them are prime.

FLAGS = $2000               ; one byte a number, 1 while it may be prime
END = $4000

pass:   ld hl,FLAGS
        ld de,FLAGS + 1
        ld bc,END - FLAGS - 1
        ld (hl),1
        ldir
        ld hl,FLAGS
        ld de,3             ; the number
        ld bc,0             ; primes so far
@scan:  ld a,(hl)
        or a
        jr z,@next
        inc bc
        push hl
        add hl,de
        ld a,h
        cp >END
        jr nc,@done
@strike: ld (hl),0
        add hl,de
        ld a,h
        cp >END
        jr c,@strike
@done:  pop hl
@next:  inc de
        inc de
        inc hl
        ld a,h
        cp >END
        jr nz,@scan
        ld (result),bc
        ret
