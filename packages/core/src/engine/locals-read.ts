/** Which locals of an instruction are still wanted. */
import { type Block, type Expression, expressionsOf, someExpression } from '../isa/ir.js';

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
