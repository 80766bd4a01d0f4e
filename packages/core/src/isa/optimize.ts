/** What elaboration leaves behind is tidied: values used once are moved to where they are used. */
import { type Block, type Expression, expressionsOf, someExpression as reads, type Statement } from './ir.js';
import { replaceReads } from './locals.js';

/** By local: how often it is assigned, and how often it is read. */
interface Uses {
  readonly assigned: number[];
  readonly read: number[];
}

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

/** A local that is just another local, neither ever assigned again, is that other local. */
function mergeCopies(block: Block, { assigned, read }: Uses): Block {
  const names: (Extract<Expression, { op: 'local' }> | undefined)[] = [];
  const visit = (statements: Block): void => {
    for (const statement of statements) {
      if (statement.op === 'if') {
        visit(statement.consequent);
        visit(statement.alternate);
      }
      if (statement.op !== 'let' || statement.value.op !== 'local') continue;
      const { local, value } = statement;
      if (assigned[local] === 1 && assigned[value.index] === 1) names[local] = names[value.index] ?? value;
    }
  };
  visit(block);
  if (names.length === 0) return block;
  // Whoever read the copy reads the other one; the copying itself no longer does.
  names.forEach((name, local) => {
    if (name) read[name.index] = (read[name.index] as number) + (read[local] as number) - 1;
  });
  const rename = (statements: Block): Block => {
    const result: Statement[] = [];
    for (const statement of statements) {
      if (statement.op === 'let' && names[statement.local]) continue;
      const renamed = replaceReads(statement, names);
      result.push(
        renamed.op === 'if'
          ? { ...renamed, consequent: rename(renamed.consequent), alternate: rename(renamed.alternate) }
          : renamed,
      );
    }
    return result;
  };
  return rename(block);
}

function countUses(block: Block, uses: Uses): void {
  // Loops over arrays by for…of make an object an element until V8 optimizes them, and elaboration is over by then.
  block.forEach((statement) => {
    expressionsOf(statement).forEach((expression) => {
      countReads(expression, uses.read);
    });
    if (statement.op === 'let') count(uses.assigned, statement.local);
    if (statement.op === 'cycle' && statement.result >= 0) count(uses.assigned, statement.result);
    if (statement.op === 'if') {
      countUses(statement.consequent, uses);
      countUses(statement.alternate, uses);
    }
  });
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
  const once = (local: number): boolean => uses.assigned[local] === 1 && uses.read[local] === 1;
  const result: Statement[] = [...block];
  for (let index = 0; index < result.length; index += 1) {
    const statement = result[index] as Statement;
    if (statement.op === 'if') {
      result[index] = {
        ...statement,
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
        once(statement.result)
      ) {
        result.splice(index, 2, { ...statement, result: next.local });
      }
    } else if (statement.op === 'let' && once(statement.local)) {
      const user = findUser(result, index, volatile);
      if (user < 0) continue;
      const values: Expression[] = [];
      values[statement.local] = statement.value;
      result[user] = replaceReads(result[user] as Statement, values);
      result.splice(index, 1);
      // What was just moved may itself have become movable, and what stood before it too.
      index = Math.max(-1, index - 2);
    }
  }
  return result;
}

/** The statement that reads the local of the `let` at `index`, if its value is still the same there. */
function findUser(block: Block, index: number, volatile: ReadonlySet<number>): number {
  const { local, value } = block[index] as Extract<Statement, { op: 'let' }>;
  for (let user = index + 1; user < block.length; user += 1) {
    const statement = block[user] as Statement;
    if (expressionsOf(statement).some((expression) => readsLocal(expression, local))) return user;
    if (interferes(statement, value, volatile)) return -1;
  }
  return -1;
}

const readsLocal = (expression: Expression, local: number): boolean =>
  reads(expression, (part) => part.op === 'local' && part.index === local);

function interferes(statement: Statement, value: Expression, volatile: ReadonlySet<number>): boolean {
  switch (statement.op) {
    case 'set':
      return reads(value, (part) => part.op === 'register' && part.index === statement.register);
    case 'let':
      return reads(value, (part) => part.op === 'local' && part.index === statement.local);
    case 'acknowledge':
      return reads(value, ({ op }) => op === 'input');
    case 'cycle':
      return reads(
        value,
        (part) =>
          part.op === 'input' ||
          (part.op === 'register' && volatile.has(part.index)) ||
          (part.op === 'local' && part.index === statement.result),
      );
    default:
      return true;
  }
}
