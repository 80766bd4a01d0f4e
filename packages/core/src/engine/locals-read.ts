/**
 * Which locals of an instruction are still wanted: exactly, for regions; as sets of bits, and with no loops by for…of, for
 * the interpreter, of which a process prints all rows before V8 has optimized anything.
 */
import { type Block, type Expression, expressionsOf, type Statement, someExpression } from '../isa/ir.js';

/** Add the locals that a block reads. */
export function collectReads(block: Block, found: Set<number>): void {
  for (const statement of block) {
    for (const expression of expressionsOf(statement)) collectLeaves(expression, 'local', found);
    if (statement.op === 'if') {
      collectReads(statement.consequent, found);
      collectReads(statement.alternate, found);
    }
  }
}

/** Add the registers or the locals that an expression is made of. */
export function collectLeaves(expression: Expression, kind: 'register' | 'local', found: Set<number>): void {
  someExpression(expression, (part) => part.op === kind && !found.add(part.index));
}

/** The bit of an IR local in a set of them; what is beyond shares the last one, which only means that more is kept. */
export const bitOf = (local: number): number => 1 << Math.min(local, 31);

function readsIn(expression: Expression): number {
  switch (expression.op) {
    case 'local':
      return bitOf(expression.index);
    case 'binary':
      return readsIn(expression.left) | readsIn(expression.right);
    case 'select':
      return readsIn(expression.condition) | readsIn(expression.consequent) | readsIn(expression.alternate);
    default:
      return 0;
  }
}

/** The locals that a statement reads. */
export function readsOf(statement: Statement): number {
  switch (statement.op) {
    case 'set':
    case 'let':
      return readsIn(statement.value);
    case 'cycle': {
      let reads = 0;
      for (let index = 0; index < statement.operands.length; index += 1) {
        reads |= readsIn(statement.operands[index] as Expression);
      }
      return reads;
    }
    case 'if':
      return readsIn(statement.condition) | readsOfBlock(statement.consequent) | readsOfBlock(statement.alternate);
    case 'decode':
      return readsIn(statement.opcode);
    default:
      return 0;
  }
}

function readsOfBlock(block: Block): number {
  let reads = 0;
  for (let index = 0; index < block.length; index += 1) reads |= readsOf(block[index] as Statement);
  return reads;
}

/** The locals whose bounds matter: what addresses, conditions, and values of rare registers are made of. */
export function boundedLocals(block: Block, rare: ReadonlySet<number>, after: number): number {
  let found = after;
  for (let index = block.length - 1; index >= 0; index -= 1) {
    const statement = block[index] as Statement;
    switch (statement.op) {
      case 'cycle':
        if (statement.operands[0]) found |= readsIn(statement.operands[0]);
        break;
      case 'if':
        found = boundedLocals(statement.consequent, rare, boundedLocals(statement.alternate, rare, found));
        found |= readsIn(statement.condition);
        break;
      case 'let':
        if ((found & bitOf(statement.local)) !== 0) found |= readsIn(statement.value);
        break;
      case 'set':
        if (rare.has(statement.register)) found |= readsIn(statement.value);
    }
  }
  return found;
}
