import { disassemble } from '@backplane/core';
import { assemble } from '@backplane/core/assembler';
import { describe, expect, it } from 'vitest';
import { variants, z80 } from './index.js';

describe.each(Object.keys(variants))('instruction set of the %s', (variant) => {
  const isa = z80.instructionSet(variant);

  it('has no fault in any row', () => isa.check());

  it('describes every opcode of every page', () => {
    for (const page of isa.pages.values()) expect(page.filter((encoding) => encoding)).toHaveLength(256);
  });
});

describe('assembler and disassembler', () => {
  const isa = z80.instructionSet();

  it.each([
    ['ld b,(hl)', [0x46]],
    ['ld d,e', [0x53]],
    ['ld e,$12', [0x1e, 0x12]],
    ['ld h,(ix+$05)', [0xdd, 0x66, 0x05]],
    ['ld (iy-$02),$7f', [0xfd, 0x36, 0xfe, 0x7f]],
    ['ld ixh,ixl', [0xdd, 0x65]],
    ['ld hl,($1234)', [0x2a, 0x34, 0x12]],
    ['ld bc,($1234)', [0xed, 0x4b, 0x34, 0x12]],
    ["ex af,af'", [0x08]],
    ['ex (sp),ix', [0xdd, 0xe3]],
    ['sub (ix-$80)', [0xdd, 0x96, 0x80]],
    ['adc hl,sp', [0xed, 0x7a]],
    ['bit 7,(iy+$7f)', [0xfd, 0xcb, 0x7f, 0x7e]],
    ['rl (ix+$01),d', [0xdd, 0xcb, 0x01, 0x12]],
    ['sll a', [0xcb, 0x37]],
    ['jr nc,$0000', [0x30, 0xfe]],
    ['jp po,$0100', [0xe2, 0x00, 0x01]],
    ['jp (hl)', [0xe9]],
    ['rst $38', [0xff]],
    ['im 2', [0xed, 0x5e]],
    ['in c,(c)', [0xed, 0x48]],
    ['out (c),0', [0xed, 0x71]],
    ['otdr', [0xed, 0xbb]],
    ['ld hl,($1234)', [0x2a, 0x34, 0x12]],
  ])('%s', (text, bytes) => {
    expect([...assemble(isa, text).bytes]).toEqual(bytes);
    expect(disassemble(isa, Uint8Array.from(bytes)).map((instruction) => instruction.text)).toEqual([text]);
  });

  it('give what has another encoding, or does nothing, a name of its own', () => {
    const texts = [
      [0xed, 0x00],
      [0xdd, 0x00],
      [0xed, 0x6b, 0x34, 0x12],
      [0xed, 0x4c],
      [0xdd, 0xcb, 0x05, 0x40],
    ];
    expect(texts.map((bytes) => disassemble(isa, Uint8Array.from(bytes))[0]?.text)).toEqual([
      'nop.ed00',
      'nop.dd00',
      'ld.ed6b hl,($1234)',
      'neg.ed4c',
      'bit.ddcb40 0,(ix+$05)',
    ]);
  });

  it('take a prefix before another one for a byte', () => {
    const instructions = disassemble(isa, Uint8Array.of(0xdd, 0xfd, 0x21, 0x34, 0x12));
    expect(instructions.map(({ text }) => text)).toEqual(['.byte $dd', 'ld iy,$1234']);
  });
});
