/** Regions for people to read: each instruction beside what it has become. */
import { disassembleAt } from '../../isa/disassembler.js';
import type { InstructionSet } from '../../isa/instruction-set.js';
import type { Expression } from '../../isa/ir.js';
import { rareRegisters } from '../interpreter-module.js';
import { formRegion, type Node } from './region.js';
import { type CodeMemory, type Step, specialize } from './specialize.js';

/** An instruction of a region. */
export interface ExplainedInstruction {
  readonly address: number;
  /** Its text, as {@link disassembleAt} gives it. */
  readonly text: string;
  /** Calls that were put into one another around it. */
  readonly label: string;
  /** What is left of it in the region, a line each, in the terms of RTL. */
  readonly becomes: readonly string[];
}

/**
 * The region that the translator would make of an address, instruction by instruction, in the order of its control
 * flow; empty if the instruction there is none that is translated.
 *
 * @param peek a byte of memory, without side effects
 *
 * @example
 * const region = explainRegion(machine.cpu.isa, 0x0400, (at) => machine.memory.peek(at));
 * for (const { text, becomes } of region) console.log(text, becomes.join('; '));
 */
export function explainRegion(
  isa: InstructionSet,
  address: number,
  peek: (address: number) => number,
): readonly ExplainedInstruction[] {
  const rare = rareRegisters(isa);
  const memory: CodeMemory = { isDelayed: false, longestDelay: 0, delayAt: () => undefined, fetch: peek };
  const region = formRegion(
    address,
    (at) => specialize(isa, rare, at, memory),
    () => true,
  );
  if (!region) return [];
  const labels = new Map<Node, string>();
  const used = new Map<number, number>();
  for (const node of region.nodes) {
    const copy = used.get(node.address) ?? 0;
    used.set(node.address, copy + 1);
    labels.set(node, `$${hexadecimal(node.address)}${copy === 0 ? '' : `.${copy}`}`);
  }
  return region.nodes.map((node) => ({
    address: node.address,
    text: disassembleAt(isa, peek, node.address).text,
    label: labels.get(node) as string,
    becomes: [
      ...(node.isGuarded
        ? [`${node.isLoop ? 'loop: ' : ''}leave unless more than ${node.toLastStart} cycles are left`]
        : []),
      ...lines(node.steps, { isa, node, labels, depth: 0 }),
    ],
  }));
}

interface Context {
  readonly isa: InstructionSet;
  readonly node: Node;
  readonly labels: ReadonlyMap<Node, string>;
  readonly depth: number;
}

function lines(steps: readonly Step[], context: Context): string[] {
  const { isa, node, labels, depth } = context;
  const indent = '  '.repeat(depth);
  const text = (expression: Expression): string => expressionText(isa, expression);
  const line = (step: Step): string[] => {
    switch (step.op) {
      case 'set':
        return [`${indent}${registerName(isa, step.register)} = ${text(step.value)}`];
      case 'let':
        return [`${indent}t${step.local} = ${text(step.value)}`];
      case 'pass':
        return [`${indent}// ${step.cycles} cycle${step.cycles === 1 ? '' : 's'}`];
      case 'wait':
        return [`${indent}// delay`];
      case 'cycle': {
        const { cycle, address, value, result } = step;
        const call = `${cycle.name}(${text(address)}${value ? `, ${text(value)}` : ''})`;
        return [`${indent}${result < 0 ? '' : `t${result} = `}${call}`];
      }
      case 'if':
        return [
          `${indent}if (${text(step.condition)}) {`,
          ...lines(step.consequent, { ...context, depth: depth + 1 }),
          ...(step.alternate.length > 0
            ? [`${indent}} else {`, ...lines(step.alternate, { ...context, depth: depth + 1 })]
            : []),
          `${indent}}`,
        ];
      case 'next': {
        const edge = node.edges.get(step);
        const to = edge?.to && labels.get(edge.to);
        const place = step.address.op === 'constant' ? `$${hexadecimal(step.address.value)}` : text(step.address);
        if (!to) return [`${indent}leave to ${place}`];
        return [`${indent}go to ${to}${edge.expected === undefined ? '' : ` if ${place} is that, else leave`}`];
      }
    }
  };
  return steps.flatMap(line);
}

const hexadecimal = (value: number): string => value.toString(16).padStart(4, '0');

function registerName({ registers }: InstructionSet, word: number): string {
  for (const [name, index] of registers) if (index === word) return name;
  return `word ${word}`;
}

function expressionText(isa: InstructionSet, expression: Expression): string {
  const inner = (part: Expression): string => {
    const text = expressionText(isa, part);
    return part.op === 'binary' || part.op === 'select' ? `(${text})` : text;
  };
  switch (expression.op) {
    case 'constant':
      return Math.abs(expression.value) < 10 ? `${expression.value}` : `0x${(expression.value >>> 0).toString(16)}`;
    case 'register':
      return registerName(isa, expression.index);
    case 'local':
      return `t${expression.index}`;
    case 'input':
      return '0';
    case 'binary':
      return `${inner(expression.left)} ${expression.operator} ${inner(expression.right)}`;
    case 'select':
      return `${inner(expression.condition)} ? ${inner(expression.consequent)} : ${inner(expression.alternate)}`;
  }
}
