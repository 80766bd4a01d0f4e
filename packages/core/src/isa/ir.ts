/**
 * The typed intermediate representation of an instruction: what RTL becomes, and what every engine is made from.
 *
 * Values are 32-bit integers. Expressions are pure; everything that happens (assignments, bus cycles) is a statement,
 * in the order it happens. So a printer of machine code needs no scheduling of its own.
 */

export type BinaryOperator =
  | '+'
  | '-'
  | '&'
  | '|'
  | '^'
  | '<<'
  /** Arithmetic shift. */
  | '>>'
  | '=='
  | '!='
  /** Signed comparisons, giving 0 or 1. */
  | '<'
  | '<='
  | '>'
  | '>=';

export type Expression =
  | { readonly op: 'constant'; readonly value: number }
  /** A word of CPU state. */
  | { readonly op: 'register'; readonly index: number }
  /** A value that lives within one instruction. */
  | { readonly op: 'local'; readonly index: number }
  /** One bit of the line word: a level, or the latch of an edge. */
  | { readonly op: 'input'; readonly bit: number }
  | { readonly op: 'binary'; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression }
  | {
      readonly op: 'select';
      readonly condition: Expression;
      readonly consequent: Expression;
      readonly alternate: Expression;
    };

export type Statement =
  /** The value is within the register's width already. */
  | { readonly op: 'set'; readonly register: number; readonly value: Expression }
  | { readonly op: 'let'; readonly local: number; readonly value: Expression }
  /** Clear the latch of an edge input. */
  | { readonly op: 'acknowledge'; readonly bit: number }
  /** One bus or idle cycle; `result` is the local that takes what was read, or −1. */
  | { readonly op: 'cycle'; readonly cycle: Cycle; readonly operands: readonly Expression[]; readonly result: number }
  /** Whatever happens until one clock cycle before now has happened: what a poll at the end is to see. */
  | { readonly op: 'sample' }
  | { readonly op: 'if'; readonly condition: Expression; readonly consequent: Block; readonly alternate: Block }
  /** Go on with the row of this opcode: always the last statement of its path. */
  | { readonly op: 'decode'; readonly page: string; readonly opcode: Expression };

export type Block = readonly Statement[];

export type BusCycleKind = 'read' | 'write' | 'idle' | 'acknowledge' | 'return';

/** A kind of cycle an ISA declares, with what the engines need of it. */
export interface Cycle {
  readonly name: string;
  readonly kind: BusCycleKind;
  /** The address space it goes to. */
  readonly space: string;
  /** Its length in clock cycles. */
  readonly length: number;
  /** Whether anything can hold it up. */
  readonly waits: boolean;
}

/** The body of a row or sequence: its statements, and how many locals they use. */
export interface Body {
  readonly block: Block;
  readonly locals: number;
}

export const constant = (value: number): Expression => ({ op: 'constant', value: value | 0 });

/** Compute an operator on constants, as every engine must. */
export function compute(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return (left + right) | 0;
    case '-':
      return (left - right) | 0;
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '<<':
      return left << right;
    case '>>':
      return left >> right;
    case '==':
      return left === right ? 1 : 0;
    case '!=':
      return left !== right ? 1 : 0;
    case '<':
      return left < right ? 1 : 0;
    case '<=':
      return left <= right ? 1 : 0;
    case '>':
      return left > right ? 1 : 0;
    case '>=':
      return left >= right ? 1 : 0;
  }
}

/** Call `visit` for every expression of a statement, not descending into the blocks of an `if`. */
export function expressionsOf(statement: Statement): readonly Expression[] {
  switch (statement.op) {
    case 'set':
    case 'let':
      return [statement.value];
    case 'cycle':
      return statement.operands;
    case 'if':
      return [statement.condition];
    case 'decode':
      return [statement.opcode];
    case 'acknowledge':
    case 'sample':
      return [];
  }
}

/** Whether `found` holds for an expression or any part of it. */
export function someExpression(expression: Expression, found: (part: Expression) => boolean): boolean {
  if (found(expression)) return true;
  if (expression.op === 'binary')
    return someExpression(expression.left, found) || someExpression(expression.right, found);
  if (expression.op === 'select')
    return (
      someExpression(expression.condition, found) ||
      someExpression(expression.consequent, found) ||
      someExpression(expression.alternate, found)
    );
  return false;
}

/** Whether any statement of a block, nested ones included, satisfies `found`. */
export function someStatement(block: Block, found: (statement: Statement) => boolean): boolean {
  return block.some(
    (statement) =>
      found(statement) ||
      (statement.op === 'if' &&
        (someStatement(statement.consequent, found) || someStatement(statement.alternate, found))),
  );
}

/** What an expression with inputs comes to while no line is asserted, if that is a constant: most polls see nothing. */
export function valueWithoutInput(expression: Expression): number | undefined {
  const fold = (part: Expression): number | undefined => {
    if (part.op === 'constant') return part.value;
    if (part.op === 'input') return 0;
    if (part.op !== 'binary') return undefined;
    const left = fold(part.left);
    const right = fold(part.right);
    if (part.operator === '&' && (left === 0 || right === 0)) return 0;
    return left === undefined || right === undefined ? undefined : compute(part.operator, left, right);
  };
  return someExpression(expression, ({ op }) => op === 'input') ? fold(expression) : undefined;
}

/** Registers of which all must be 0 for a condition to be false. */
export function zeroWhenFalse(condition: Expression): number[] {
  if (condition.op === 'register') return [condition.index];
  if (condition.op !== 'binary' || condition.operator !== '|') return [];
  return [...zeroWhenFalse(condition.left), ...zeroWhenFalse(condition.right)];
}
