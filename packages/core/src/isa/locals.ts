/** Locals of IR under other names, or with values in their place. */
import type { Block, Expression, Statement } from './ir.js';

/** By local: what is to stand in its place, if anything. */
export type LocalValues = readonly (Expression | undefined)[];

/** The same statement with other values for locals that it reads; what does not change is not copied, for there is much of it. */
export function replaceReads(statement: Statement, values: LocalValues): Statement {
  switch (statement.op) {
    case 'set':
    case 'let': {
      const value = replaceLocals(statement.value, values);
      return value === statement.value ? statement : { ...statement, value };
    }
    case 'cycle': {
      const operands = statement.operands.map((operand) => replaceLocals(operand, values));
      return operands.every((operand, index) => operand === statement.operands[index])
        ? statement
        : { ...statement, operands };
    }
    case 'if': {
      const condition = replaceLocals(statement.condition, values);
      return condition === statement.condition ? statement : { ...statement, condition };
    }
    case 'decode': {
      const opcode = replaceLocals(statement.opcode, values);
      return opcode === statement.opcode ? statement : { ...statement, opcode };
    }
    case 'acknowledge':
    case 'sample':
      return statement;
  }
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
  const moved = replaceReads(statement, locals);
  switch (moved.op) {
    case 'let':
      return { ...moved, local: indexOf(locals, moved.local) };
    case 'cycle':
      return moved.result < 0 ? moved : { ...moved, result: indexOf(locals, moved.result) };
    case 'if': {
      const block = (statements: Block): Block => statements.map((inner) => moveLocals(inner, locals));
      return { ...moved, consequent: block(moved.consequent), alternate: block(moved.alternate) };
    }
    default:
      return moved;
  }
}

export const indexOf = (locals: LocalValues, local: number): number =>
  (locals[local] as Extract<Expression, { op: 'local' }>).index;
