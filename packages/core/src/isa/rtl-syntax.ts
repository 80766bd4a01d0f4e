/**
 * RTL, the register-transfer language in which an instruction set says what each instruction does: text to tree.
 *
 *     block := stmt ((';' | newline) stmt)*
 *     stmt  := 'let' name '=' expr | place ('=' place)* '=' expr | place op'=' expr
 *            | 'if' '(' expr ')' '{' block '}' ('else' ('{' block '}' | if))? | expr
 *     place := name | table '[' expr ']'
 *     expr  := expr '?' expr ':' expr | expr op expr | ('-' | '~' | '!') expr | '(' expr ')' | number | place | call
 *     call  := place '(' (expr (',' expr)*)? ')'
 *     op    := || && | ^ & (== != < <= > >=) (<< >>) (+ -)      weakest first: comparisons bind tighter than & ^ |
 */
import { IsaError } from '../errors.js';

/** A piece of RTL, made by the {@link rtl} tag. */
export interface Rtl {
  readonly rtl: string;
}

/**
 * Tag a template as RTL. Other pieces may be put into it.
 *
 * @example
 * const rotateLeft = rtl`t = m << 1 | c; c = m >> 7; m = t; nz = m`;
 */
export function rtl(strings: TemplateStringsArray, ...parts: readonly (Rtl | string | number)[]): Rtl {
  return { rtl: String.raw(strings, ...parts.map((part) => (typeof part === 'object' ? part.rtl : part))) };
}

/** Where a node stands in its RTL, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A name, or with an index the name that a table has at that place. */
export interface NameTree extends Position {
  readonly name: string;
  readonly index?: ExpressionTree;
}

export type ExpressionTree = Position &
  (
    | { readonly op: 'number'; readonly value: number }
    | ({ readonly op: 'name' } & NameTree)
    | ({ readonly op: 'call'; readonly parameters: readonly ExpressionTree[] } & NameTree)
    | { readonly op: 'unary'; readonly operator: string; readonly operand: ExpressionTree }
    | {
        readonly op: 'binary';
        readonly operator: string;
        readonly left: ExpressionTree;
        readonly right: ExpressionTree;
      }
    | {
        readonly op: 'select';
        readonly condition: ExpressionTree;
        readonly consequent: ExpressionTree;
        readonly alternate: ExpressionTree;
      }
  );

export type StatementTree = Position &
  (
    | { readonly op: 'let'; readonly name: string; readonly value: ExpressionTree }
    | {
        readonly op: 'assign';
        readonly targets: readonly NameTree[];
        readonly value: ExpressionTree;
      }
    | {
        readonly op: 'if';
        readonly condition: ExpressionTree;
        readonly consequent: readonly StatementTree[];
        readonly alternate: readonly StatementTree[];
      }
    | { readonly op: 'expression'; readonly value: ExpressionTree }
  );

interface Token extends Position {
  readonly kind: 'number' | 'name' | 'symbol' | 'newline' | 'end';
  readonly text: string;
}

const TOKEN =
  /([ \t\r]+|\/\/[^\n]*)|\n|(0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)|([A-Za-z_]\w*)|(?:<<=|>>=|\|\||&&|==|!=|<=|>=|<<|>>|[-+|&^]=|[-+|&^~!<>=?:;(){}[\],])/y;

/** Groups of `TOKEN`; what is in none of them is a symbol, or a new line. */
const [SPACE, NUMBER, NAME] = [1, 2, 3];

function tokenize(text: string, where: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let lineStart = 0;
  let nesting = 0;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    const column = at - lineStart + 1;
    if (!match) throw syntaxError(where, { line, column }, `'${text[at]}' is no RTL`);
    const token = match[0];
    if (match[SPACE] !== undefined) continue;
    if (token === '\n') {
      // Within parentheses a new line is just space.
      if (nesting === 0) tokens.push({ kind: 'newline', text: token, line, column });
      line += 1;
      lineStart = TOKEN.lastIndex;
      continue;
    }
    if (token === '(' || token === '[') nesting += 1;
    if (token === ')' || token === ']') nesting -= 1;
    const kind = match[NUMBER] !== undefined ? 'number' : match[NAME] !== undefined ? 'name' : 'symbol';
    tokens.push({ kind, text: token, line, column });
  }
  tokens.push({ kind: 'end', text: 'the end', line, column: text.length - lineStart + 1 });
  return tokens;
}

/** An {@link IsaError} that says where in the RTL of what the fault is. */
export function syntaxError(where: string, { line, column }: Position, fault: string, mend?: string): IsaError {
  return new IsaError('isa/rtl', fault, { path: `${where} at ${line}:${column}`, ...(mend ? { mend } : {}) });
}

const PRECEDENCE: Readonly<Record<string, number>> = {
  '||': 1,
  '&&': 2,
  '|': 3,
  '^': 4,
  '&': 5,
  '==': 6,
  '!=': 6,
  '<': 6,
  '<=': 6,
  '>': 6,
  '>=': 6,
  '<<': 7,
  '>>': 7,
  '+': 8,
  '-': 8,
};

const ASSIGNMENT = /^(=|<<=|>>=|[-+|&^]=)$/;

const parsed = new WeakMap<Rtl, readonly StatementTree[]>();

/**
 * Parse RTL into a tree. A piece that many rows share is parsed once.
 *
 * @param where what the RTL belongs to, for errors
 */
export function parseRtl(source: Rtl, where: string): readonly StatementTree[] {
  let trees = parsed.get(source);
  if (!trees) {
    trees = parseText(source.rtl, where);
    parsed.set(source, trees);
  }
  return trees;
}

function parseText(text: string, where: string): readonly StatementTree[] {
  const tokens = tokenize(text, where);
  let next = 0;

  const peek = (): Token => tokens[next] as Token;
  const take = (): Token => tokens[next++] as Token;
  const is = (token: string): boolean => peek().text === token;
  const unexpected = (wanted: string): IsaError => {
    const { kind, text: found } = peek();
    return syntaxError(where, peek(), `${wanted} expected, found ${kind === 'newline' ? 'a new line' : `'${found}'`}`);
  };
  const expect = (symbol: string): Token => {
    if (!is(symbol)) throw unexpected(`'${symbol}'`);
    return take();
  };
  const name = (): Token => {
    if (peek().kind !== 'name') throw unexpected('a name');
    return take();
  };
  const skipSeparators = (): void => {
    while (peek().kind === 'newline' || is(';')) take();
  };
  const skipNewlines = (): void => {
    while (peek().kind === 'newline') take();
  };

  function block(end: '}' | ''): StatementTree[] {
    const statements: StatementTree[] = [];
    skipSeparators();
    while (!(end === '' ? peek().kind === 'end' : is(end))) {
      statements.push(statement());
      const { kind } = peek();
      if (kind !== 'newline' && kind !== 'end' && !is(';') && !is('}')) throw unexpected("';'");
      skipSeparators();
    }
    return statements;
  }

  function braced(): StatementTree[] {
    skipNewlines();
    expect('{');
    const statements = block('}');
    expect('}');
    return statements;
  }

  function statement(): StatementTree {
    const { line, column } = peek();
    const at = { line, column };
    if (is('let')) {
      take();
      const { text: bound } = name();
      expect('=');
      return { op: 'let', name: bound, value: expression(), ...at };
    }
    if (is('if')) return conditional();
    const value = expression();
    if (!(peek().kind === 'symbol' && ASSIGNMENT.test(peek().text))) return { op: 'expression', value, ...at };
    const { text: assignment } = take();
    const targets = [value];
    let assigned = expression();
    while (assignment === '=' && is('=')) {
      take();
      targets.push(assigned);
      assigned = expression();
    }
    const places = targets.map((target) => {
      if (target.op !== 'name') throw syntaxError(where, target, 'this cannot be assigned to');
      return target;
    });
    if (assignment !== '=')
      assigned = { op: 'binary', operator: assignment.slice(0, -1), left: value, right: assigned, ...at };
    return { op: 'assign', targets: places, value: assigned, ...at };
  }

  function conditional(): StatementTree {
    const { line, column } = take();
    expect('(');
    const condition = expression();
    expect(')');
    const consequent = braced();
    const afterThen = next;
    skipSeparators();
    let alternate: readonly StatementTree[] = [];
    if (is('else')) {
      take();
      alternate = is('if') ? [conditional()] : braced();
    } else next = afterThen;
    return { op: 'if', condition, consequent, alternate, line, column };
  }

  function expression(): ExpressionTree {
    const condition = binary(1);
    if (!is('?')) return condition;
    take();
    const consequent = expression();
    expect(':');
    const alternate = expression();
    return { op: 'select', condition, consequent, alternate, line: condition.line, column: condition.column };
  }

  function binary(weakest: number): ExpressionTree {
    let left = unary();
    for (;;) {
      const { kind, text: operator, line, column } = peek();
      const precedence = kind === 'symbol' ? PRECEDENCE[operator] : undefined;
      if (precedence === undefined || precedence < weakest) return left;
      take();
      left = { op: 'binary', operator, left, right: binary(precedence + 1), line, column };
    }
  }

  function unary(): ExpressionTree {
    const { kind, text: found, line, column } = peek();
    if (kind === 'name') return named();
    if (kind === 'number') {
      take();
      return { op: 'number', value: Number(found), line, column };
    }
    if (found === '(') {
      take();
      const inner = expression();
      expect(')');
      return inner;
    }
    if (found !== '-' && found !== '~' && found !== '!') throw unexpected('an expression');
    take();
    return { op: 'unary', operator: found, operand: unary(), line, column };
  }

  function named(): ExpressionTree {
    const { text: found, line, column } = take();
    const tree: NameTree = is('[') ? { name: found, index: indexed(), line, column } : { name: found, line, column };
    if (!is('(')) return { op: 'name', ...tree };
    take();
    const parameters: ExpressionTree[] = [];
    if (!is(')')) {
      parameters.push(expression());
      while (is(',')) {
        take();
        parameters.push(expression());
      }
    }
    expect(')');
    return { op: 'call', parameters, ...tree };
  }

  function indexed(): ExpressionTree {
    expect('[');
    const index = expression();
    expect(']');
    return index;
  }

  return block('');
}
