/** Random small RTL programs, nested conditions and bus cycles in them: the same registers in each engine. */
import { createMachine, defineCpu, defineDevice, defineInstructionSet, rtl } from '@backplane/core';
import { interpreter } from '@backplane/core/interpreter';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const REGISTERS = { a: 8, b: 16, c: 1, d: 24 } as const;
const names = fc.constantFrom(...Object.keys(REGISTERS));

const { expression } = fc.letrec<{ expression: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    names,
    fc.constantFrom('m', 'need', 'bell'),
    fc.nat(300).map(String),
    fc.constantFrom('0', '1', '0xff', '0x8000', '0xffff'),
  ),
  // Masked, so that every value stays within what RTL can hold.
  expression: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '&', '|', '^', '==', '!=', '<', '<=', '>', '>='),
        tie('expression'),
      )
      .map(([left, operator, right]) => `(((${left}) ${operator} (${right})) & 0xffff)`),
    fc
      .tuple(tie('expression'), fc.constantFrom('<<', '>>'), fc.nat(7))
      .map(([left, operator, right]) => `((${left}) & 0xffff) ${operator} ${right}`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([condition, yes, no]) => `((${condition}) != 0 ? (${yes}) & 0xffff : (${no}) & 0xffff)`),
    tie('expression').map((operand) => `!((${operand}) & 0xffff)`),
  ),
}));

const { block } = fc.letrec<{ block: string; statement: string }>((tie) => ({
  statement: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'statement' },
    fc.tuple(fc.oneof(names, fc.constant('m')), expression).map(([name, value]) => `${name} = (${value}) & 0xffff`),
    expression.map((address) => `m = read((${address}) & 0xffff)`),
    fc
      .tuple(expression, expression)
      .map(([address, value]) => `write(0x4000 | (${address}) & 0x0fff, (${value}) & 0xff)`),
    fc.constantFrom('idle(b)', 'bell = 0'),
    fc.tuple(expression, tie('block')).map(([condition, yes]) => `if ((${condition}) & 0xffff) { ${yes} }`),
    fc
      .tuple(expression, tie('block'), tie('block'))
      .map(([condition, yes, no]) => `if ((${condition}) & 0xffff) { ${yes} } else { ${no} }`),
  ),
  block: fc
    .array(tie('statement'), { minLength: 1, maxLength: 4, depthIdentifier: 'statement' })
    .map((list) => list.join('\n')),
}));

/** Pulls one line or the other, now and then. */
const ringer = defineDevice({
  type: 'ringer',
  version: 1,
  lines: ['need', 'bell'],
  create({ lines, event }) {
    const toggle = (line: 'need' | 'bell', cycles: number) => {
      const change = event(line, () => {
        if (lines[line].asserted) lines[line].release();
        else lines[line].assert();
        change.after(cycles);
      });
      return change;
    };
    const changes = [toggle('need', 41), toggle('bell', 29)];
    return {
      reset() {
        for (const [index, change] of changes.entries()) change.after(30 + 17 * index);
      },
    };
  },
});

const plugin = (code: string) =>
  defineCpu({
    type: 'random',
    version: 1,
    defaultVariant: 'only',
    engines: [interpreter],
    variants: {
      only: () =>
        defineInstructionSet({
          name: 'random',
          addressWidth: 16,
          byteOrder: 'little',
          registers: { at: 16, ...REGISTERS },
          locals: { m: 16 },
          shown: ['at', ...Object.keys(REGISTERS)],
          programCounter: 'at',
          inputs: { need: { sense: 'level' }, bell: { sense: 'edge' } },
          cycles: { read: { kind: 'read' }, write: { kind: 'write' }, idle: { kind: 'idle' } },
          functions: { 'fetch()': rtl`let value = read(at); at += 1; value` },
          poll: rtl`c = bell | need & a`,
          pollPolicy: 'before-last-cycle',
          step: rtl`if (c) { idle(d & 0xffff); bell = 0; c = 0; d += 1 } else { decode(main, fetch()) }`,
          reset: rtl`idle(at); at = 0`,
          rows: [
            { encoding: '0000000k', syntax: 'RUN', code: [rtl`m = k`, { rtl: code }] },
            { encoding: '00000010', syntax: 'BACK', code: rtl`at = 0` },
          ],
        }),
    },
  });

test('any RTL gives the same registers, memory and cycles', () => {
  let compiled = 0;
  fc.assert(
    fc.property(block, fc.infiniteStream(fc.nat(0xffff)), fc.boolean(), (code, values, isDelayed) => {
      const cpu = plugin(code);
      const start = Object.fromEntries(Object.keys(REGISTERS).map((name) => [name, values.next().value as number]));
      const [wanted, seen] = (['evaluator', 'interpreter'] as const).map((engine) => {
        const machine = createMachine(
          {
            clock: 1_000_000,
            cpu: { type: 'random' },
            devices: { ringer: { type: 'ringer' } },
            wires: [
              ['ringer.need', 'cpu.need'],
              ['ringer.bell', 'cpu.bell'],
            ],
            memory: [
              { at: 0, ram: '16K', image: 'program' },
              // What is delayed the evaluator finishes, from any point of any body on.
              { at: 0x4000, ram: '16K', ...(isDelayed && { delay: 'slow' }) },
              { at: 0x8000, ram: '32K' },
            ],
            ramFill: 'random:1',
            delays: { slow: { period: 3, cycles: [1, 0, 2] } },
          },
          { plugins: [cpu, ringer], images: { program: Uint8Array.of(0, 1, 0, 2) }, engine },
        );
        Object.assign(machine.cpu.registers, start);
        machine.run(200);
        compiled += machine.stats().cycles.interpreter;
        return { cycles: machine.cycles, components: machine.snapshot().components };
      });
      expect(seen).toEqual(wanted);
    }),
    { numRuns: 250 },
  );
  expect(compiled).toBeGreaterThan(250 * 20);
});
