import { assemble } from '@backplane/core/assembler';
import { z80 } from '@backplane/cpu-z80';

/** A floppy for z80pack's machines: its first sector prints, reads the clock, selects banks and writes other sectors. */
export function standInDisk(): Uint8Array {
  const program = `
        .org 0
        ld hl,0         ; go to where all banks are the same
        ld de,$c000
        ld bc,128
        ldir
        jp loop+$c000
loop:   ld hl,$4000
        inc (hl)
        ld a,(hl)
        out (12),a      ; sector
        and 1
        out (21),a      ; bank
        ld a,2
        out (11),a      ; track
        out (20),a      ; banks
        ld a,1
        out (27),a      ; timer
        out (13),a      ; write the sector
        ld a,'*'
        out (1),a       ; print
        in a,(0)
        in a,(26)
        ld ($4001),a
        jp loop+$c000`;
  const disk = new Uint8Array(77 * 26 * 128);
  disk.set(assemble(z80.instructionSet(), program).bytes);
  return disk;
}
