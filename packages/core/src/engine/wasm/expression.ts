/** Expressions of IR to WebAssembly, all but their leaves. */
import type { BinaryOperator, Expression } from '../../isa/ir.js';
import { type Code, op } from './code.js';

const OPERATORS: Readonly<Record<BinaryOperator, number>> = {
  '+': op.add,
  '-': op.sub,
  '&': op.and,
  '|': op.or,
  '^': op.xor,
  '<<': op.shl,
  '>>': op.shr,
  '==': op.eq,
  '!=': op.ne,
  '<': op.lt,
  '<=': op.le,
  '>': op.gt,
  '>=': op.ge,
};

/** What an expression is made of: values that lie somewhere. */
export type Leaf = Extract<Expression, { op: 'register' | 'local' | 'input' }>;

/**
 * Put the value of an expression on the stack.
 *
 * @param leaf does so for registers, locals and inputs
 */
export function printExpression(code: Code, expression: Expression, leaf: (leaf: Leaf) => void): void {
  switch (expression.op) {
    case 'constant':
      code.constant(expression.value);
      return;
    case 'binary': {
      const { operator, left, right } = expression;
      printExpression(code, left, leaf);
      if (operator === '==' && right.op === 'constant' && right.value === 0) {
        code.byte(op.eqz);
        return;
      }
      printExpression(code, right, leaf);
      code.byte(OPERATORS[operator]);
      return;
    }
    case 'select':
      printExpression(code, expression.consequent, leaf);
      printExpression(code, expression.alternate, leaf);
      printExpression(code, expression.condition, leaf);
      code.byte(op.select);
      return;
    default:
      leaf(expression);
  }
}
