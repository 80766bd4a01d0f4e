/** What elaboration leaves behind is tidied: values used once are moved to where they are used. */
import { type Block, type Expression, type Statement, someExpression } from './ir.js';
import { replaceReads } from './locals.js';

/** By local: how often it is assigned, and how often it is read. */
interface Uses {
  readonly assigned: number[];
  readonly read: number[];
}

// Loops over arrays by for…of make an object an element until V8 optimizes them, and closures cost as much: elaboration
// is over by then.

/**
 * The same block with fewer statements and locals; what it does is unchanged.
 *
 * @param locals how many there are
 * @param volatile registers that may change at any cycle without being assigned
 */
export function optimize(block: Block, locals: number, volatile: ReadonlySet<number>): Block {
  const uses: Uses = { assigned: Array(locals).fill(0), read: Array(locals).fill(0) };
  countUses(block, uses);
  return substitute(mergeCopies(block, uses), uses, volatile);
}

/** What stands for a local that is only a copy. */
type Names = (Extract<Expression, { op: 'local' }> | undefined)[];

/** A local that is just another local, neither ever assigned again, is that other local. */
function mergeCopies(block: Block, uses: Uses): Block {
  const names: Names = [];
  findCopies(block, uses, names);
  if (names.length === 0) return block;
  // Whoever read the copy reads the other one; the copying itself no longer does.
  const { read } = uses;
  names.forEach((name, local) => {
    if (name) read[name.index] = (read[name.index] as number) + (read[local] as number) - 1;
  });
  return rename(block, names);
}

function findCopies(block: Block, uses: Uses, names: Names): void {
  for (let index = 0; index < block.length; index += 1) {
    const statement = block[index] as Statement;
    if (statement.op === 'if') {
      findCopies(statement.consequent, uses, names);
      findCopies(statement.alternate, uses, names);
    } else if (statement.op === 'let' && statement.value.op === 'local') {
      const { local, value } = statement;
      if (uses.assigned[local] === 1 && uses.assigned[value.index] === 1) names[local] = names[value.index] ?? value;
    }
  }
}

function rename(block: Block, names: Names): Block {
  const result: Statement[] = [];
  for (let index = 0; index < block.length; index += 1) {
    const statement = block[index] as Statement;
    if (statement.op === 'let' && names[statement.local]) continue;
    const renamed = replaceReads(statement, names);
    if (renamed.op !== 'if') result.push(renamed);
    else {
      const { condition, consequent, alternate } = renamed;
      result.push({ op: 'if', condition, consequent: rename(consequent, names), alternate: rename(alternate, names) });
    }
  }
  return result;
}

function countUses(block: Block, uses: Uses): void {
  for (let index = 0; index < block.length; index += 1) {
    const statement = block[index] as Statement;
    switch (statement.op) {
      case 'set':
        countReads(statement.value, uses.read);
        break;
      case 'let':
        countReads(statement.value, uses.read);
        count(uses.assigned, statement.local);
        break;
      case 'cycle':
        for (let at = 0; at < statement.operands.length; at += 1) {
          countReads(statement.operands[at] as Expression, uses.read);
        }
        if (statement.result >= 0) count(uses.assigned, statement.result);
        break;
      case 'if':
        countReads(statement.condition, uses.read);
        countUses(statement.consequent, uses);
        countUses(statement.alternate, uses);
        break;
      case 'decode':
        countReads(statement.opcode, uses.read);
    }
  }
}

function countReads(expression: Expression, read: number[]): void {
  if (expression.op === 'local') count(read, expression.index);
  else if (expression.op === 'binary') {
    countReads(expression.left, read);
    countReads(expression.right, read);
  } else if (expression.op === 'select') {
    countReads(expression.condition, read);
    countReads(expression.consequent, read);
    countReads(expression.alternate, read);
  }
}

function count(counts: number[], local: number): void {
  counts[local] = (counts[local] as number) + 1;
}

function substitute(block: Block, uses: Uses, volatile: ReadonlySet<number>): Block {
  const result: Statement[] = block.slice();
  for (let index = 0; index < result.length; index += 1) {
    const statement = result[index] as Statement;
    if (statement.op === 'if') {
      result[index] = {
        op: 'if',
        condition: statement.condition,
        consequent: substitute(statement.consequent, uses, volatile),
        alternate: substitute(statement.alternate, uses, volatile),
      };
    } else if (statement.op === 'cycle') {
      // What a cycle read goes straight to where it is kept.
      const next = result[index + 1];
      if (
        next?.op === 'let' &&
        next.value.op === 'local' &&
        next.value.index === statement.result &&
        isUsedOnce(statement.result, uses)
      ) {
        const { cycle, operands } = statement;
        result.splice(index, 2, { op: 'cycle', cycle, operands, result: next.local });
      }
    } else if (statement.op === 'let' && isUsedOnce(statement.local, uses)) {
      if (!moveToUser(result, index, volatile)) continue;
      result.splice(index, 1);
      // What was just moved may itself have become movable, and what stood before it too.
      index = Math.max(-1, index - 2);
    }
  }
  return result;
}

const isUsedOnce = (local: number, { assigned, read }: Uses): boolean => assigned[local] === 1 && read[local] === 1;

/** Put the value of the `let` at `index` to where it is read, if it is still the same there. */
function moveToUser(block: Statement[], index: number, volatile: ReadonlySet<number>): boolean {
  const { local, value } = block[index] as Extract<Statement, { op: 'let' }>;
  const values: Expression[] = [];
  values[local] = value;
  for (let user = index + 1; user < block.length; user += 1) {
    const statement = block[user] as Statement;
    const moved = replaceReads(statement, values);
    if (moved !== statement) {
      block[user] = moved;
      return true;
    }
    if (interferes(statement, value, volatile)) return false;
  }
  return false;
}

function interferes(statement: Statement, value: Expression, volatile: ReadonlySet<number>): boolean {
  if (statement.op === 'if' || statement.op === 'decode' || statement.op === 'sample') return true;
  return someExpression(value, (part) => {
    switch (part.op) {
      case 'register':
        return statement.op === 'cycle'
          ? volatile.has(part.index)
          : statement.op === 'set' && statement.register === part.index;
      case 'local':
        return (statement.op === 'cycle' ? statement.result : statement.op === 'let' && statement.local) === part.index;
      default:
        return part.op === 'input' && (statement.op === 'cycle' || statement.op === 'acknowledge');
    }
  });
}
