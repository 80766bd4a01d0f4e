/** RTL trees to IR: names resolved, functions inlined, widths found, cycles put in order. */
import { suggest } from '../errors.js';
import type { InstructionSetDeclaration } from './declaration.js';
import { fitsIn, type Interval, ofWidth, resultInterval, union } from './interval.js';
import {
  type BinaryOperator,
  type Block,
  type Body,
  type Cycle,
  compute,
  constant,
  type Expression,
  type Statement,
  someExpression,
  someStatement,
} from './ir.js';
import { indexOf, moveLocals, replaceLocals } from './locals.js';
import { optimize } from './optimize.js';
import {
  type ExpressionTree,
  type NameTree,
  type Position,
  parseRtl,
  type Rtl,
  type StatementTree,
  syntaxError,
} from './rtl-syntax.js';

/** An expression with its bounds. */
interface Value extends Interval {
  readonly expression: Expression;
}

type Binding =
  | { readonly kind: 'register'; readonly index: number; readonly width: number }
  | { readonly kind: 'local'; readonly width: number }
  | {
      readonly kind: 'view';
      readonly width: number;
      readonly get: FunctionDefinition;
      readonly set: FunctionDefinition | undefined;
    }
  | { readonly kind: 'input'; readonly bit: number; readonly edge: boolean }
  | { readonly kind: 'constant'; readonly value: number };

/** What RTL can call: a function, a view's expression or setter, the poll. */
class FunctionDefinition {
  /** What it comes to, by what is known of its parameters and which locals have a value. */
  readonly calls = new Map<string, Call>();

  constructor(
    readonly name: string,
    readonly parameters: readonly string[],
    readonly body: readonly StatementTree[],
  ) {}
}

const INT32: Interval = { low: -(2 ** 31), high: 2 ** 31 - 1 };

/** Where the words and bits of an ISA's names lie; made once, shared by all rows. */
export interface NameLayout {
  readonly registers: ReadonlyMap<string, number>;
  readonly inputs: ReadonlyMap<string, number>;
}

/** What RTL may name, and what a poll is. */
interface Names {
  readonly declaration: InstructionSetDeclaration;
  readonly globals: Map<string, Binding>;
  readonly functions: Map<string, FunctionDefinition>;
  readonly cycles: Map<string, Cycle>;
  /** Pages of opcodes. */
  readonly pages: ReadonlySet<string>;
  /** Address widths, by space. */
  readonly addressWidths: Readonly<Record<string, number>>;
  readonly poll: FunctionDefinition | undefined;
  /** Whether what a poll sees may have happened since the last bus cycle began. */
  readonly samplesLate: boolean;
}

/** What a call comes to. Its locals are numbered from 0: parameters, then declared ones, then its own. */
interface Call {
  readonly statements: Block;
  readonly value: Value | undefined;
  readonly locals: number;
  /** Declared locals that have a value after it, and their indices. */
  readonly declared: readonly string[];
  readonly declaredLocals: readonly number[];
  readonly polled: boolean;
}

/** Makes IR from the RTL of one instruction set. */
export class Elaborator {
  readonly #names: Names;
  /** Pulse registers, each with the registers that set it. */
  readonly #pulses: readonly { readonly index: number; readonly setBy: readonly number[] }[];
  /** What rows without fields begin with, piece by piece: many begin alike. */
  readonly #beginnings: Beginnings = new Map();
  /** Registers that an edge of an input may change between any two cycles. */
  readonly #volatile = new Set<number>();

  constructor(declaration: InstructionSetDeclaration, layout: NameLayout) {
    const { addressWidth, ioAddressWidth = addressWidth, rows, pages = {}, pollPolicy } = declaration;
    // Interrupts are sampled as the last clock cycle begins. If that is not where the last bus cycle begins, too, there
    // may be something to catch up with.
    const isLate = ({ length = 1 }: { readonly length?: number }): boolean => length > 1;
    this.#names = {
      declaration,
      globals: new Map(),
      functions: new Map(),
      cycles: new Map(),
      pages: new Set([...rows.map(({ page = 'main' }) => page), ...Object.keys(pages)]),
      addressWidths: { memory: addressWidth, io: ioAddressWidth },
      poll: declaration.poll && new FunctionDefinition('poll', [], parseRtl(declaration.poll, 'poll')),
      samplesLate: pollPolicy === 'end' && Object.values(declaration.cycles).some(isLate),
    };
    for (const [name, width] of Object.entries(declaration.registers)) {
      this.#declare(name, { kind: 'register', index: layout.registers.get(name) as number, width });
    }
    for (const [name, width] of Object.entries(declaration.locals ?? {})) this.#declare(name, { kind: 'local', width });
    for (const [name, view] of Object.entries(declaration.views ?? {})) {
      this.#declare(name, {
        kind: 'view',
        width: view.width,
        get: new FunctionDefinition(name, [], parseRtl(view.get, `view ${name}`)),
        set: view.set && new FunctionDefinition(name, ['value'], parseRtl(view.set, `view ${name}`)),
      });
    }
    for (const [name, { sense, level }] of Object.entries(declaration.inputs ?? {})) {
      this.#declare(name, { kind: 'input', bit: layout.inputs.get(name) as number, edge: sense === 'edge' });
      if (level) this.#declare(level, { kind: 'input', bit: layout.inputs.get(level) as number, edge: false });
    }
    for (const [name, value] of Object.entries(declaration.constants ?? {}))
      this.#declare(name, { kind: 'constant', value });
    for (const [name, { kind, space = 'memory', length = kind === 'return' ? 0 : 1, waits = true }] of Object.entries(
      declaration.cycles,
    )) {
      this.#names.cycles.set(name, { name, kind, space, length, waits });
    }
    for (const [signature, body] of Object.entries(declaration.functions ?? {})) {
      const match = /^(\w+)\(([^)]*)\)$/.exec(signature);
      const where = `function ${signature}`;
      if (!match) throw syntaxError(where, { line: 1, column: 1 }, 'a signature reads name(parameter, parameter)');
      const [, name, list] = match as unknown as [string, string, string];
      const parameters = list.split(',').flatMap((parameter) => parameter.trim() || []);
      for (const parameter of parameters) this.#refuseHiding(parameter, where, { line: 1, column: 1 });
      this.#names.functions.set(name, new FunctionDefinition(name, parameters, parseRtl(body, where)));
    }
    this.#pulses = Object.entries(declaration.pulses ?? {}).map(([name, setBy]) => ({
      index: this.#registerIndex(name),
      setBy: setBy.map((register) => this.#registerIndex(register)),
    }));
    for (const [name, { on }] of Object.entries(declaration.inputs ?? {})) {
      if (!on) continue;
      const { block } = this.sequence(on, `input ${name}`);
      refuseCycles(block, `input ${name}`);
      someStatement(block, (statement) => {
        if (statement.op === 'set') this.#volatile.add(statement.register);
        return false;
      });
    }
  }

  #declare(name: string, binding: Binding): void {
    if (this.#names.globals.has(name)) {
      throw syntaxError(this.#names.declaration.name, { line: 1, column: 1 }, `'${name}' is declared twice`);
    }
    this.#names.globals.set(name, binding);
  }

  #registerIndex(name: string): number {
    const binding = this.#names.globals.get(name);
    if (binding?.kind === 'register') return binding.index;
    throw syntaxError('pulses', { line: 1, column: 1 }, `no register '${name}'`);
  }

  /** What sets the pulses at the end of a row that does not do so itself. */
  #pulsesAfter(statements: Block): Statement[] {
    const set = new Set<number>();
    someStatement(statements, (statement) => statement.op === 'set' && !set.add(statement.register));
    return this.#pulses.flatMap(({ index, setBy }): Statement[] => {
      if (set.has(index)) return [];
      return [{ op: 'set', register: index, value: constant(setBy.some((register) => set.has(register)) ? 1 : 0) }];
    });
  }

  #refuseHiding(name: string, where: string, position: Position): void {
    if (this.#names.globals.has(name) || this.#names.functions.has(name) || this.#names.cycles.has(name)) {
      throw syntaxError(
        where,
        position,
        `'${name}' hides the ${this.#names.globals.get(name)?.kind ?? 'function'} of that name`,
      );
    }
  }

  /** Statements of a row, with its polls. */
  row(code: readonly Rtl[], fields: Readonly<Record<string, number>>, where: string): Body {
    return this.#elaborate(code, fields, where, true);
  }

  /** Statements that are no row: no polls but those it calls. */
  sequence(code: Rtl, where: string): Body {
    return this.#elaborate([code], {}, where, false);
  }

  /** Statements with one formal, `value`, which the caller puts into local 0. */
  setter(code: Rtl, width: number, where: string): Body {
    const scope = new Scope(this.#names, where);
    const index = scope.newLocal();
    scope.bind('value', within({ op: 'local', index }, ofWidth(width)));
    scope.block(parseRtl(code, where));
    refuseCycles(scope.statements, where);
    return { block: optimize(scope.statements, scope.locals, this.#volatile), locals: scope.locals };
  }

  /** A pure expression. */
  expression(code: Rtl, where: string): Expression {
    const scope = new Scope(this.#names, where);
    const value = scope.valueOf(parseRtl(code, where));
    if (scope.statements.length > 0 || !value) {
      throw syntaxError(where, { line: 1, column: 1 }, 'an expression without cycles or assignments expected');
    }
    return value.expression;
  }

  /** Whether a condition on fields holds. */
  holds(condition: Rtl, fields: Readonly<Record<string, number>>, where: string): boolean {
    const scope = new Scope(this.#names, where);
    for (const [name, value] of Object.entries(fields)) scope.bind(name, known(value));
    const value = scope.valueOf(parseRtl(condition, where));
    if (value?.expression.op !== 'constant') {
      throw syntaxError(where, { line: 1, column: 1 }, 'a condition of constants and fields expected');
    }
    return value.expression.value !== 0;
  }

  #elaborate(code: readonly Rtl[], fields: Readonly<Record<string, number>>, where: string, isRow: boolean): Body {
    let scope = new Scope(this.#names, where);
    const names = Object.keys(fields);
    for (const name of names) {
      this.#refuseHiding(name, where, { line: 1, column: 1 });
      scope.bind(name, known(fields[name] as number));
    }
    let beginnings = this.#beginnings;
    for (let index = 0; index < code.length; index += 1) {
      const piece = code[index] as Rtl;
      let beginning = names.length === 0 ? beginnings.get(piece) : undefined;
      if (!beginning) scope.block(parseRtl(piece, where));
      if (names.length > 0 || index === code.length - 1) continue;
      if (!beginning) {
        beginning = { scope, next: new Map() };
        beginnings.set(piece, beginning);
      }
      scope = beginning.scope.copy(where);
      beginnings = beginning.next;
    }
    let statements: Block = scope.statements;
    if (isRow) {
      if (this.#pulses.length > 0) statements = atEnds(statements, this.#pulsesAfter(statements));
      if (this.#names.poll && !scope.polled) {
        const poll = scope.pollStatements();
        if (this.#names.declaration.pollPolicy === 'end') statements = atEnds(statements, poll);
        else statements = insertBeforeLastCycles(statements, poll).statements;
      }
    }
    return { block: optimize(statements, scope.locals, this.#volatile), locals: scope.locals };
  }
}

/** Put `more` at the end of each path that does not go on with another row. */
function atEnds(statements: Block, more: Block): Block {
  const last = statements.at(-1);
  if (last?.op === 'decode') return statements;
  if (last?.op !== 'if' || !someStatement([last], ({ op }) => op === 'decode')) return statements.concat(more);
  const { condition, consequent, alternate } = last;
  const ended = { condition, consequent: atEnds(consequent, more), alternate: atEnds(alternate, more) };
  return [...statements.slice(0, -1), { op: 'if', ...ended }];
}

/** What takes no time must have no cycles. */
function refuseCycles(block: Block, where: string): void {
  if (someStatement(block, ({ op }) => op === 'cycle' || op === 'decode'))
    throw syntaxError(where, { line: 1, column: 1 }, 'no cycle may stand here, for it takes no time');
}

const known = (value: number): Value => ({ expression: constant(value), low: value, high: value });

const within = (expression: Expression, { low, high }: Interval): Value => ({ expression, low, high });

/** Put `poll` before each cycle that can be the last of its path; the last poll that runs is the one that counts. */
function insertBeforeLastCycles(
  statements: readonly Statement[],
  poll: readonly Statement[],
): { statements: Statement[]; always: boolean } {
  const result = [...statements];
  for (let index = result.length - 1; index >= 0; index -= 1) {
    const statement = result[index] as Statement;
    if (statement.op === 'cycle' && statement.cycle.length > 0) {
      result.splice(index, 0, ...poll);
      return { statements: result, always: true };
    }
    if (statement.op === 'if') {
      const consequent = insertBeforeLastCycles(statement.consequent, poll);
      const alternate = insertBeforeLastCycles(statement.alternate, poll);
      result[index] = { ...statement, consequent: consequent.statements, alternate: alternate.statements };
      if (consequent.always && alternate.always) return { statements: result, always: true };
    }
  }
  return { statements: result, always: false };
}

/** By piece of code, what has come of it and those before it, and what follows in some row. */
type Beginnings = Map<Rtl, { readonly scope: Scope; readonly next: Beginnings }>;

/** The elaboration of one body. */
class Scope {
  statements: Statement[] = [];
  locals = 0;
  polled = false;
  readonly #names: Names;
  readonly #where: string;
  /** What is bound by `let`, as a parameter or as a field, innermost last; that of the running function from `#first` on. */
  #bound: string[] = [];
  #values: Value[] = [];
  #first = 0;
  /** Declared locals that have a value, and their indices. */
  #declared: string[] = [];
  #declaredLocals: number[] = [];
  readonly #calling: string[];

  constructor(names: Names, where: string, calling: string[] = []) {
    this.#names = names;
    this.#where = where;
    this.#calling = calling;
  }

  /** Another body that is so far the same. */
  copy(where: string): Scope {
    const copy = new Scope(this.#names, where, this.#calling);
    copy.statements = this.statements.slice();
    copy.locals = this.locals;
    copy.polled = this.polled;
    copy.#bound = this.#bound.slice();
    copy.#values = this.#values.slice();
    copy.#declared = this.#declared.slice();
    copy.#declaredLocals = this.#declaredLocals.slice();
    return copy;
  }

  newLocal(): number {
    return this.locals++;
  }

  bind(name: string, value: Value): void {
    this.#bound.push(name);
    this.#values.push(value);
  }

  #unbind(bound: number): void {
    this.#bound.length = bound;
    this.#values.length = bound;
  }

  #boundTo(name: string): Value | undefined {
    const index = this.#bound.lastIndexOf(name);
    return index < this.#first ? undefined : this.#values[index];
  }

  pollStatements(): Statement[] {
    const outer = this.statements;
    this.statements = this.#names.samplesLate ? [{ op: 'sample' }] : [];
    if (this.#names.poll) this.#call(this.#names.poll, [], { line: 1, column: 1 });
    const poll = this.statements;
    this.statements = outer;
    return poll;
  }

  /** Elaborate statements; a bare expression at the end is no error and no value. */
  block(trees: readonly StatementTree[]): void {
    trees.forEach(this.#statement, this);
  }

  /** Elaborate statements, of which the last may be a bare expression: that is the value. */
  valueOf(trees: readonly StatementTree[]): Value | undefined {
    const last = trees.at(-1);
    if (last?.op !== 'expression') {
      this.block(trees);
      return undefined;
    }
    this.block(trees.slice(0, -1));
    return this.#expression(last.value, true);
  }

  #error(position: Position, fault: string, mend?: string): never {
    throw syntaxError(this.#where, position, fault, mend);
  }

  #nested(trees: readonly StatementTree[]): Statement[] {
    const outer = this.statements;
    const bound = this.#bound.length;
    this.statements = [];
    this.block(trees);
    const inner = this.statements;
    this.statements = outer;
    this.#unbind(bound);
    return inner;
  }

  #statement(tree: StatementTree): void {
    switch (tree.op) {
      case 'let': {
        const { globals, functions, cycles } = this.#names;
        if (globals.has(tree.name) || functions.has(tree.name) || cycles.has(tree.name)) {
          this.#error(tree, `'${tree.name}' hides the ${globals.get(tree.name)?.kind ?? 'function'} of that name`);
        }
        if (this.#boundTo(tree.name)) this.#error(tree, `'${tree.name}' is bound twice`);
        this.bind(tree.name, this.#frozen(this.#value(tree.value)));
        return;
      }
      case 'assign': {
        let value = this.#value(tree.value);
        if (tree.targets.length > 1) value = this.#frozen(value);
        for (const target of [...tree.targets].reverse()) this.#assign(this.#resolve(target), value, target);
        return;
      }
      case 'if': {
        const { expression: condition } = this.#value(tree.condition);
        if (condition.op === 'constant') {
          this.statements.push(...this.#nested(condition.value !== 0 ? tree.consequent : tree.alternate));
          return;
        }
        this.statements.push({
          op: 'if',
          condition,
          consequent: this.#nested(tree.consequent),
          alternate: this.#nested(tree.alternate),
        });
        return;
      }
      case 'expression':
        if (tree.value.op !== 'call') this.#error(tree, 'an expression alone does nothing');
        this.#expression(tree.value, true);
    }
  }

  #assign(name: string, value: Value, position: Position): void {
    if (this.#boundTo(name)) this.#error(position, `'${name}' is bound once and for all`);
    const binding = this.#names.globals.get(name);
    switch (binding?.kind) {
      case undefined:
        this.#error(position, `unknown name '${name}'`);
        break;
      case 'register':
        this.statements.push({ op: 'set', register: binding.index, value: this.#fit(value, binding.width) });
        return;
      case 'local':
        this.statements.push({ op: 'let', local: this.#localIndex(name), value: this.#fit(value, binding.width) });
        return;
      case 'view': {
        if (!binding.set) this.#error(position, `view '${name}' has no setter`);
        this.#call(binding.set, [this.#fitted(value, binding.width)], position);
        return;
      }
      case 'input':
        if (!binding.edge) this.#error(position, `'${name}' is a level; only the line changes it`);
        if (value.expression.op !== 'constant' || value.expression.value !== 0)
          this.#error(position, `only 0 can be assigned to '${name}'`);
        this.statements.push({ op: 'acknowledge', bit: binding.bit });
        return;
      default:
        this.#error(position, `'${name}' cannot be assigned to`);
    }
  }

  /** Whether nothing that is assigned later reaches it. */
  #isFrozen(expression: Expression): boolean {
    if (expression.op !== 'local') return expression.op === 'constant';
    return !this.#declaredLocals.includes(expression.index);
  }

  #localIndex(name: string): number {
    const known = this.#declared.indexOf(name);
    return known < 0 ? this.#declare(name, this.newLocal()) : (this.#declaredLocals[known] as number);
  }

  #declare(name: string, index: number): number {
    this.#declared.push(name);
    this.#declaredLocals.push(index);
    return index;
  }

  #fitted(value: Value, width: number): Value {
    const bounds = ofWidth(width);
    return fitsIn(value, bounds) ? value : within(this.#fit(value, width), bounds);
  }

  #fit(value: Value, width: number): Expression {
    const bounds = ofWidth(width);
    if (fitsIn(value, bounds)) return value.expression;
    return binary('&', value, known(bounds.high)).expression;
  }

  /** The value as it is now: what later statements assign does not reach it. */
  #frozen(value: Value): Value {
    const { expression } = value;
    if (this.#isFrozen(expression)) return value;
    const local = this.newLocal();
    this.statements.push({ op: 'let', local, value: expression });
    return within({ op: 'local', index: local }, value);
  }

  #value(tree: ExpressionTree): Value {
    return this.#expression(tree, false) as Value;
  }

  #expression(tree: ExpressionTree, mayBeVoid: boolean): Value | undefined {
    switch (tree.op) {
      case 'number':
        return known(tree.value);
      case 'name':
        return this.#name(this.#resolve(tree), tree);
      case 'unary': {
        const operand = this.#value(tree.operand);
        if (tree.operator === '-') return this.#checked(binary('-', known(0), operand), tree);
        if (tree.operator === '~') return binary('^', operand, known(-1));
        return binary('==', operand, known(0));
      }
      case 'binary':
        return this.#binary(tree.operator, tree.left, tree.right, tree);
      case 'select': {
        const condition = this.#value(tree.condition);
        if (condition.expression.op === 'constant')
          return this.#value(condition.expression.value !== 0 ? tree.consequent : tree.alternate);
        const consequent = this.#pure(tree.consequent, '?:');
        const alternate = this.#pure(tree.alternate, '?:');
        return within(
          {
            op: 'select',
            condition: condition.expression,
            consequent: consequent.expression,
            alternate: alternate.expression,
          },
          union(consequent, alternate),
        );
      }
      case 'call': {
        const result = this.#callByName(this.#resolve(tree), tree.parameters, tree);
        if (!result && !mayBeVoid) this.#error(tree, `${tree.name}() has no value`);
        return result;
      }
    }
  }

  /** A name as it is written, or the one that a table has at an index. */
  #resolve(tree: NameTree): string {
    const { name, index } = tree;
    if (!index) return name;
    const { tables = {} } = this.#names.declaration;
    const table = Object.hasOwn(tables, name) ? tables[name] : undefined;
    if (!table) this.#error(tree, `no table '${name}'`, suggest(name, Object.keys(tables)));
    const { expression } = this.#value(index);
    if (expression.op !== 'constant') this.#error(index, 'an index of constants and fields expected');
    const found = table[expression.value];
    if (found === undefined) this.#error(index, `'${name}' has nothing at ${expression.value}`);
    return found;
  }

  #name(name: string, position: Position): Value {
    const bound = this.#boundTo(name);
    if (bound) return bound;
    const binding = this.#names.globals.get(name);
    switch (binding?.kind) {
      case 'register':
        return within({ op: 'register', index: binding.index }, ofWidth(binding.width));
      case 'local':
        if (!this.#declared.includes(name)) this.#error(position, `'${name}' has no value yet`);
        return within({ op: 'local', index: this.#localIndex(name) }, ofWidth(binding.width));
      case 'view': {
        const value = this.#call(binding.get, [], position);
        return value ? this.#fitted(value, binding.width) : this.#error(position, `view '${name}' gives no value`);
      }
      case 'input':
        return within({ op: 'input', bit: binding.bit }, ofWidth(1));
      case 'constant':
        return known(binding.value);
      default:
        return this.#error(position, `unknown name '${name}'`);
    }
  }

  #binary(operator: string, leftTree: ExpressionTree, rightTree: ExpressionTree, position: Position): Value {
    if (operator === '&&' || operator === '||') {
      const left = truth(this.#value(leftTree));
      if (left.expression.op === 'constant') {
        if ((left.expression.value !== 0) === (operator === '||')) return left;
        return truth(this.#value(rightTree));
      }
      const right = truth(this.#pure(rightTree, operator));
      return binary(operator === '&&' ? '&' : '|', left, right);
    }
    let left = this.#value(leftTree);
    const afterLeft = this.statements.length;
    const right = this.#value(rightTree);
    // Left is evaluated before right: where right's statements change what left reads, left is kept first.
    if (this.statements.length > afterLeft && changes(this.statements.slice(afterLeft), left.expression)) {
      const local = this.newLocal();
      this.statements.splice(afterLeft, 0, { op: 'let', local, value: left.expression });
      left = within({ op: 'local', index: local }, left);
    }
    return this.#checked(binary(operator as BinaryOperator, left, right), position);
  }

  #checked(value: Value, position: Position): Value {
    if (!fitsIn(value, INT32))
      this.#error(position, `the result may be ${value.low} to ${value.high}, which is beyond 32 bits`);
    return value;
  }

  /** An expression that may not bring statements with it, for it might not be evaluated. */
  #pure(tree: ExpressionTree, operator: string): Value {
    const before = this.statements.length;
    const value = this.#value(tree);
    if (this.statements.length > before)
      this.#error(tree, `no cycle or assignment may stand under ${operator}`, 'write it as an if');
    return value;
  }

  #callByName(name: string, parameters: readonly ExpressionTree[], position: Position): Value | undefined {
    const cycle = this.#names.cycles.get(name);
    if (cycle) return this.#cycle(cycle, parameters, position);
    if (name === 'poll') {
      this.polled = true;
      this.statements.push(...this.pollStatements());
      return undefined;
    }
    if (name === 'decode') {
      const [page, opcode] = parameters;
      if (page?.op !== 'name' || !opcode) this.#error(position, 'decode(page, opcode) expected');
      const { pages } = this.#names;
      if (!pages.has(page.name))
        this.#error(page, `no row is on a page '${page.name}'`, suggest(page.name, [...pages]));
      this.statements.push({ op: 'decode', page: page.name, opcode: this.#value(opcode).expression });
      return undefined;
    }
    const definition = this.#names.functions.get(name);
    if (!definition) this.#error(position, `unknown function '${name}'`);
    if (definition.parameters.length !== parameters.length) {
      this.#error(position, `${name}() takes ${definition.parameters.length} parameters, not ${parameters.length}`);
    }
    return this.#call(
      definition,
      parameters.map((parameter) => this.#frozen(this.#value(parameter))),
      position,
    );
  }

  #cycle(cycle: Cycle, parameters: readonly ExpressionTree[], position: Position): Value | undefined {
    const wanted = { write: 2, return: 0 }[cycle.kind as string] ?? 1;
    if (parameters.length !== wanted)
      this.#error(position, `${cycle.name}() takes ${wanted} parameters, not ${parameters.length}`);
    const mark = this.statements.length;
    const operands = parameters.map((parameter, index) =>
      this.#fit(this.#value(parameter), index === 0 ? (this.#names.addressWidths[cycle.space] as number) : 8),
    );
    const [address] = operands;
    if (
      address &&
      this.statements.length > mark &&
      operands.length > 1 &&
      changes(this.statements.slice(mark), address)
    ) {
      this.#error(position, `the value changes what the address is made of`, 'put the address into a let first');
    }
    const result = cycle.kind === 'read' || cycle.kind === 'acknowledge' ? this.newLocal() : -1;
    this.statements.push({ op: 'cycle', cycle, operands, result });
    return result < 0 ? undefined : within({ op: 'local', index: result }, ofWidth(8));
  }

  #call(definition: FunctionDefinition, values: readonly Value[], position: Position): Value | undefined {
    const { name } = definition;
    if (this.#calling.includes(name)) this.#error(position, `'${name}' calls itself`);
    // A setter is given any expression, and what is known of it matters.
    if (values.every(({ expression }) => this.#isFrozen(expression))) return this.#sharedCall(definition, values);
    this.#calling.push(name);
    const first = this.#first;
    const bound = this.#bound.length;
    this.#first = bound;
    this.#bound.push(...definition.parameters);
    this.#values.push(...values);
    const value = this.valueOf(definition.body);
    this.#unbind(bound);
    this.#first = first;
    this.#calling.pop();
    return value;
  }

  /** Many rows call the same functions with values of the same kind: what that comes to is found once. */
  #sharedCall(definition: FunctionDefinition, values: readonly Value[]): Value | undefined {
    let key = '';
    for (let index = 0; index < values.length; index += 1) {
      const { expression, low, high } = values[index] as Value;
      key += `${expression.op === 'local' ? low : '='}:${high},`;
    }
    for (let index = 0; index < this.#declared.length; index += 1) key += `${this.#declared[index]},`;
    let call = definition.calls.get(key);
    if (!call) {
      call = new Scope(this.#names, this.#where, [...this.#calling, definition.name]).#asCall(
        definition,
        values,
        this.#declared,
      );
      definition.calls.set(key, call);
    }
    this.polled ||= call.polled;
    if (call.locals === 0) {
      this.statements.push(...call.statements);
      return call.value;
    }
    const locals: Expression[] = [];
    for (let index = 0; index < values.length; index += 1) locals.push((values[index] as Value).expression);
    const { length } = this.#declared;
    for (let at = 0; at < length; at += 1) locals.push({ op: 'local', index: this.#declaredLocals[at] as number });
    while (locals.length < call.locals) locals.push({ op: 'local', index: this.newLocal() });
    // Those that have a value already come first.
    for (let at = length; at < call.declared.length; at += 1) {
      this.#declare(call.declared[at] as string, indexOf(locals, call.declaredLocals[at] as number));
    }
    for (let index = 0; index < call.statements.length; index += 1) {
      this.statements.push(moveLocals(call.statements[index] as Statement, locals));
    }
    return call.value && within(replaceLocals(call.value.expression, locals), call.value);
  }

  #asCall({ parameters, body }: FunctionDefinition, values: readonly Value[], declared: readonly string[]): Call {
    values.forEach((value, position) => {
      const index = this.newLocal();
      const isKnown = value.expression.op === 'constant';
      this.bind(parameters[position] as string, isKnown ? value : within({ op: 'local', index }, value));
    });
    for (const name of declared) this.#localIndex(name);
    const value = this.valueOf(body);
    const { statements, locals, polled } = this;
    return { statements, value, locals, declared: this.#declared, declaredLocals: this.#declaredLocals, polled };
  }
}

const OPPOSITES: Partial<Record<BinaryOperator, BinaryOperator>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
};

/** Operators that with 0 on their right come to what is on their left. */
const KEEPS_LEFT: ReadonlySet<BinaryOperator> = new Set(['+', '-', '|', '^', '<<', '>>']);

const truth = (value: Value): Value => (fitsIn(value, { low: 0, high: 1 }) ? value : binary('!=', value, known(0)));

/** An operation, with constants folded and identities dropped. */
function binary(operator: BinaryOperator, left: Value, right: Value): Value {
  const l = left.expression;
  const r = right.expression;
  if (l.op === 'constant' && r.op === 'constant') return known(compute(operator, l.value, r.value));
  if (r.op === 'constant') {
    const { value } = r;
    if (value === 0 && KEEPS_LEFT.has(operator)) return left;
    // (a == b) == 0 is a != b
    const opposite = operator === '==' && value === 0 && l.op === 'binary' ? OPPOSITES[l.operator] : undefined;
    if (opposite && l.op === 'binary') {
      return within({ op: 'binary', operator: opposite, left: l.left, right: l.right }, left);
    }
    const isMask = operator === '&' && value >= 0 && (value & (value + 1)) === 0;
    if (isMask && fitsIn(left, { low: 0, high: value })) return left;
    // (x & m) & n is x & (m & n)
    if (operator === '&' && l.op === 'binary' && l.operator === '&' && l.right.op === 'constant') {
      const both = constant(l.right.value & value);
      return within({ op: 'binary', operator, left: l.left, right: both }, resultInterval('&', left, right));
    }
  }
  return within({ op: 'binary', operator, left: l, right: r }, resultInterval(operator, left, right));
}

/** Whether statements change something an expression reads. */
function changes(statements: readonly Statement[], expression: Expression): boolean {
  return someExpression(expression, (part) => {
    if (part.op === 'register')
      return someStatement(statements, (statement) => statement.op === 'set' && statement.register === part.index);
    if (part.op === 'local')
      return someStatement(statements, (statement) => statement.op === 'let' && statement.local === part.index);
    if (part.op === 'input') return someStatement(statements, ({ op }) => op === 'cycle' || op === 'acknowledge');
    return false;
  });
}
