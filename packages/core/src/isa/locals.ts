/** Locals of IR under other names, or with values in their place. */
import type { Block, Expression, Statement } from './ir.js';

/** By local: what is to stand in its place, if anything. */
export type LocalValues = readonly (Expression | undefined)[];

// Written out, and not by `{ ...statement, value }`: there is much of it in a process that V8 has optimized nothing of yet.

/** The same statement with other values for locals that it reads; what does not change is not copied. */
export function replaceReads(statement: Statement, values: LocalValues): Statement {
  switch (statement.op) {
    case 'set': {
      const value = replaceLocals(statement.value, values);
      return value === statement.value ? statement : { op: 'set', register: statement.register, value };
    }
    case 'let': {
      const value = replaceLocals(statement.value, values);
      return value === statement.value ? statement : { op: 'let', local: statement.local, value };
    }
    case 'cycle': {
      const { cycle, result } = statement;
      const operands = replaceAll(statement.operands, values);
      return operands === statement.operands ? statement : { op: 'cycle', cycle, operands, result };
    }
    case 'if': {
      const { consequent, alternate } = statement;
      const condition = replaceLocals(statement.condition, values);
      return condition === statement.condition ? statement : { op: 'if', condition, consequent, alternate };
    }
    case 'decode': {
      const opcode = replaceLocals(statement.opcode, values);
      return opcode === statement.opcode ? statement : { op: 'decode', page: statement.page, opcode };
    }
    case 'acknowledge':
    case 'sample':
      return statement;
  }
}

function replaceAll(expressions: readonly Expression[], values: LocalValues): readonly Expression[] {
  let replaced: Expression[] | undefined;
  for (let index = 0; index < expressions.length; index += 1) {
    const expression = expressions[index] as Expression;
    const other = replaceLocals(expression, values);
    if (other === expression) continue;
    replaced ??= expressions.slice();
    replaced[index] = other;
  }
  return replaced ?? expressions;
}

/** The same expression with other values for some locals. */
export function replaceLocals(expression: Expression, values: LocalValues): Expression {
  if (expression.op === 'local') return values[expression.index] ?? expression;
  if (expression.op === 'binary') {
    const left = replaceLocals(expression.left, values);
    const right = replaceLocals(expression.right, values);
    const isSame = left === expression.left && right === expression.right;
    return isSame ? expression : { op: 'binary', operator: expression.operator, left, right };
  }
  if (expression.op === 'select') {
    const condition = replaceLocals(expression.condition, values);
    const consequent = replaceLocals(expression.consequent, values);
    const alternate = replaceLocals(expression.alternate, values);
    const isSame =
      condition === expression.condition && consequent === expression.consequent && alternate === expression.alternate;
    return isSame ? expression : { op: 'select', condition, consequent, alternate };
  }
  return expression;
}

/** The same statement, and those within it, with all its locals moved: each to the local that stands in its place. */
export function moveLocals(statement: Statement, locals: LocalValues): Statement {
  switch (statement.op) {
    case 'let':
      return { op: 'let', local: indexOf(locals, statement.local), value: replaceLocals(statement.value, locals) };
    case 'cycle': {
      const { cycle, result } = statement;
      const operands = replaceAll(statement.operands, locals);
      return { op: 'cycle', cycle, operands, result: result < 0 ? result : indexOf(locals, result) };
    }
    case 'if':
      return {
        op: 'if',
        condition: replaceLocals(statement.condition, locals),
        consequent: moveAll(statement.consequent, locals),
        alternate: moveAll(statement.alternate, locals),
      };
    default:
      return replaceReads(statement, locals);
  }
}

function moveAll(block: Block, locals: LocalValues): Block {
  const moved: Statement[] = [];
  for (let index = 0; index < block.length; index += 1) moved.push(moveLocals(block[index] as Statement, locals));
  return moved;
}

export const indexOf = (locals: LocalValues, local: number): number =>
  (locals[local] as Extract<Expression, { op: 'local' }>).index;
