; Waits for a character that never comes.

STATUS = $F001              ; bit 7: a character waits

        .org $0400

main:   lda STATUS
        bpl main
