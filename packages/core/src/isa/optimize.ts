/** What elaboration leaves behind is tidied: values used once are moved to where they are used. */
import { type Block, type Expression, expressionsOf, someExpression as reads, type Statement } from './ir.js';

interface LocalUse {
  assigned: number;
  read: number;
}

/**
 * The same block with fewer statements and locals; what it does is unchanged.
 *
 * @param volatile registers that may change at any cycle without being assigned
 */
export function optimize(block: Block, volatile: ReadonlySet<number>): Block {
  const renamed = mergeCopies(block);
  const uses = new Map<number, LocalUse>();
  countUses(renamed, uses);
  return substitute(renamed, uses, volatile);
}

/** A local that is just another local, neither ever assigned again, is that other local. */
function mergeCopies(block: Block): Block {
  const uses = new Map<number, LocalUse>();
  countUses(block, uses);
  const isOnce = (local: number): boolean => uses.get(local)?.assigned === 1;
  const names = new Map<number, number>();
  const renamedTo = (local: number): Expression | undefined => {
    const index = names.get(local);
    return index === undefined ? undefined : { op: 'local', index };
  };
  const visit = (statements: Block): void => {
    for (const statement of statements) {
      if (statement.op === 'if') {
        visit(statement.consequent);
        visit(statement.alternate);
      }
      if (statement.op !== 'let' || statement.value.op !== 'local') continue;
      const { index } = statement.value;
      if (isOnce(statement.local) && isOnce(index)) names.set(statement.local, names.get(index) ?? index);
    }
  };
  visit(block);
  const rename = (statements: Block): Block => {
    const result: Statement[] = [];
    for (const statement of statements) {
      if (statement.op === 'let' && names.has(statement.local)) continue;
      const renamed = replaceLocals(statement, renamedTo);
      result.push(
        renamed.op === 'if'
          ? { ...renamed, consequent: rename(renamed.consequent), alternate: rename(renamed.alternate) }
          : renamed,
      );
    }
    return result;
  };
  return names.size === 0 ? block : rename(block);
}

function countUses(block: Block, uses: Map<number, LocalUse>): void {
  const use = (local: number): LocalUse => {
    const found = uses.get(local) ?? { assigned: 0, read: 0 };
    uses.set(local, found);
    return found;
  };
  const visit = (expression: Expression): void => {
    if (expression.op === 'local') use(expression.index).read += 1;
    else if (expression.op === 'binary') {
      visit(expression.left);
      visit(expression.right);
    } else if (expression.op === 'select') {
      visit(expression.condition);
      visit(expression.consequent);
      visit(expression.alternate);
    }
  };
  for (const statement of block) {
    for (const expression of expressionsOf(statement)) visit(expression);
    if (statement.op === 'let') use(statement.local).assigned += 1;
    if (statement.op === 'cycle' && statement.result >= 0) use(statement.result).assigned += 1;
    if (statement.op === 'if') {
      countUses(statement.consequent, uses);
      countUses(statement.alternate, uses);
    }
  }
}

function substitute(block: Block, uses: ReadonlyMap<number, LocalUse>, volatile: ReadonlySet<number>): Block {
  const once = (local: number): boolean => {
    const { assigned = 0, read = 0 } = uses.get(local) ?? {};
    return assigned === 1 && read === 1;
  };
  const result: Statement[] = [...block];
  for (let index = 0; index < result.length; index += 1) {
    const statement = result[index] as Statement;
    if (statement.op === 'if') {
      result[index] = {
        ...statement,
        consequent: substitute(statement.consequent, uses, volatile),
        alternate: substitute(statement.alternate, uses, volatile),
      };
    }
    // What a cycle read goes straight to where it is kept.
    const next = result[index + 1];
    if (
      statement.op === 'cycle' &&
      next?.op === 'let' &&
      next.value.op === 'local' &&
      next.value.index === statement.result &&
      once(statement.result)
    ) {
      result.splice(index, 2, { ...statement, result: next.local });
    }
    if (statement.op === 'let' && once(statement.local)) {
      const user = findUser(result, index, volatile);
      if (user < 0) continue;
      result[user] = replaceLocals(result[user] as Statement, (local) =>
        local === statement.local ? statement.value : undefined,
      );
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
    if (
      expressionsOf(statement).some((expression) =>
        reads(expression, (part) => part.op === 'local' && part.index === local),
      )
    ) {
      return user;
    }
    if (interferes(statement, value, volatile)) return -1;
  }
  return -1;
}

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

/** The same statement with other values for locals; what does not change is not copied, for there is much of it. */
function replaceLocals(statement: Statement, valueFor: (local: number) => Expression | undefined): Statement {
  const replaced = (expression: Expression): Expression => {
    if (expression.op === 'local') return valueFor(expression.index) ?? expression;
    if (expression.op === 'binary') {
      const left = replaced(expression.left);
      const right = replaced(expression.right);
      const isSame = left === expression.left && right === expression.right;
      return isSame ? expression : { op: 'binary', operator: expression.operator, left, right };
    }
    if (expression.op === 'select') {
      const condition = replaced(expression.condition);
      const consequent = replaced(expression.consequent);
      const alternate = replaced(expression.alternate);
      const isSame =
        condition === expression.condition &&
        consequent === expression.consequent &&
        alternate === expression.alternate;
      return isSame ? expression : { op: 'select', condition, consequent, alternate };
    }
    return expression;
  };
  switch (statement.op) {
    case 'set':
    case 'let': {
      const value = replaced(statement.value);
      return value === statement.value ? statement : { ...statement, value };
    }
    case 'cycle': {
      const operands = statement.operands.map(replaced);
      return operands.every((operand, index) => operand === statement.operands[index])
        ? statement
        : { ...statement, operands };
    }
    case 'if': {
      const condition = replaced(statement.condition);
      return condition === statement.condition ? statement : { ...statement, condition };
    }
    case 'decode': {
      const opcode = replaced(statement.opcode);
      return opcode === statement.opcode ? statement : { ...statement, opcode };
    }
    case 'acknowledge':
    case 'sample':
      return statement;
  }
}
