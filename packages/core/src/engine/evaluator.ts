/**
 * The evaluator: an instruction set's IR turned into closures. It is the semantics of record; it needs neither
 * WebAssembly nor code generation.
 *
 * A closure call costs 3–5 ns, so what counts is their number. Operands that are a register, a local or a constant have
 * closures of their own, blocks are unrolled, an increment is one closure, and so is a fetch.
 */

import type { Encoding } from '../isa/encodings.js';
import type { InstructionSet } from '../isa/instruction-set.js';
import {
  type BinaryOperator,
  type Block,
  type Body,
  type Expression,
  type Statement,
  valueWithoutInput,
} from '../isa/ir.js';
import { HUNG_WORD, LINE_WORD, RESET_WORD } from '../isa/words.js';
import { PAUSE_STATUS } from '../machine/control.js';
import type { Cpu } from '../machine/cpu.js';

/** The value of an expression, given the CPU. */
export type Evaluate = (cpu: Cpu) => number;
/** A statement or a block of them. */
export type Execute = (cpu: Cpu) => void;

/** Closures of one operator, by what its operands are: any expression, a word (register or local), a constant. */
interface OperatorClosures {
  readonly general: (left: Evaluate, right: Evaluate) => Evaluate;
  readonly generalWord?: (left: Evaluate, right: number) => Evaluate;
  readonly generalConstant?: (left: Evaluate, right: number) => Evaluate;
  readonly wordGeneral?: (left: number, right: Evaluate) => Evaluate;
  readonly words?: (left: number, right: number) => Evaluate;
  readonly wordConstant?: (left: number, right: number) => Evaluate;
}

// Rare operators do with fewer. Written out, for closures made by one shared function would share its call sites, and run at half the speed.
const OPERATORS: Readonly<Record<BinaryOperator, OperatorClosures>> = {
  '+': {
    general: (l, r) => (cpu) => (l(cpu) + r(cpu)) | 0,
    generalWord: (l, r) => (cpu) => (l(cpu) + (cpu.words[r] as number)) | 0,
    generalConstant: (l, r) => (cpu) => (l(cpu) + r) | 0,
    wordGeneral: (l, r) => (cpu) => ((cpu.words[l] as number) + r(cpu)) | 0,
    words: (l, r) => (cpu) => ((cpu.words[l] as number) + (cpu.words[r] as number)) | 0,
    wordConstant: (l, r) => (cpu) => ((cpu.words[l] as number) + r) | 0,
  },
  '-': {
    general: (l, r) => (cpu) => (l(cpu) - r(cpu)) | 0,
    generalWord: (l, r) => (cpu) => (l(cpu) - (cpu.words[r] as number)) | 0,
    generalConstant: (l, r) => (cpu) => (l(cpu) - r) | 0,
    wordGeneral: (l, r) => (cpu) => ((cpu.words[l] as number) - r(cpu)) | 0,
    words: (l, r) => (cpu) => ((cpu.words[l] as number) - (cpu.words[r] as number)) | 0,
    wordConstant: (l, r) => (cpu) => ((cpu.words[l] as number) - r) | 0,
  },
  '&': {
    general: (l, r) => (cpu) => l(cpu) & r(cpu),
    generalWord: (l, r) => (cpu) => l(cpu) & (cpu.words[r] as number),
    generalConstant: (l, r) => (cpu) => l(cpu) & r,
    wordGeneral: (l, r) => (cpu) => (cpu.words[l] as number) & r(cpu),
    words: (l, r) => (cpu) => (cpu.words[l] as number) & (cpu.words[r] as number),
    wordConstant: (l, r) => (cpu) => (cpu.words[l] as number) & r,
  },
  '|': {
    general: (l, r) => (cpu) => l(cpu) | r(cpu),
    generalWord: (l, r) => (cpu) => l(cpu) | (cpu.words[r] as number),
    generalConstant: (l, r) => (cpu) => l(cpu) | r,
    wordGeneral: (l, r) => (cpu) => (cpu.words[l] as number) | r(cpu),
    words: (l, r) => (cpu) => (cpu.words[l] as number) | (cpu.words[r] as number),
    wordConstant: (l, r) => (cpu) => (cpu.words[l] as number) | r,
  },
  '^': {
    general: (l, r) => (cpu) => l(cpu) ^ r(cpu),
    generalWord: (l, r) => (cpu) => l(cpu) ^ (cpu.words[r] as number),
    generalConstant: (l, r) => (cpu) => l(cpu) ^ r,
    wordGeneral: (l, r) => (cpu) => (cpu.words[l] as number) ^ r(cpu),
    words: (l, r) => (cpu) => (cpu.words[l] as number) ^ (cpu.words[r] as number),
    wordConstant: (l, r) => (cpu) => (cpu.words[l] as number) ^ r,
  },
  '<<': {
    general: (l, r) => (cpu) => l(cpu) << r(cpu),
    generalConstant: (l, r) => (cpu) => l(cpu) << r,
    wordConstant: (l, r) => (cpu) => (cpu.words[l] as number) << r,
  },
  '>>': {
    general: (l, r) => (cpu) => l(cpu) >> r(cpu),
    generalConstant: (l, r) => (cpu) => l(cpu) >> r,
    wordConstant: (l, r) => (cpu) => (cpu.words[l] as number) >> r,
  },
  '==': {
    general: (l, r) => (cpu) => (l(cpu) === r(cpu) ? 1 : 0),
    generalConstant: (l, r) => (cpu) => (l(cpu) === r ? 1 : 0),
    wordConstant: (l, r) => (cpu) => ((cpu.words[l] as number) === r ? 1 : 0),
  },
  '!=': {
    general: (l, r) => (cpu) => (l(cpu) !== r(cpu) ? 1 : 0),
    generalConstant: (l, r) => (cpu) => (l(cpu) !== r ? 1 : 0),
    wordConstant: (l, r) => (cpu) => ((cpu.words[l] as number) !== r ? 1 : 0),
  },
  '<': {
    general: (l, r) => (cpu) => (l(cpu) < r(cpu) ? 1 : 0),
  },
  '<=': {
    general: (l, r) => (cpu) => (l(cpu) <= r(cpu) ? 1 : 0),
  },
  '>': {
    general: (l, r) => (cpu) => (l(cpu) > r(cpu) ? 1 : 0),
    generalConstant: (l, r) => (cpu) => (l(cpu) > r ? 1 : 0),
    wordConstant: (l, r) => (cpu) => ((cpu.words[l] as number) > r ? 1 : 0),
  },
  '>=': {
    general: (l, r) => (cpu) => (l(cpu) >= r(cpu) ? 1 : 0),
  },
};

/** `(word + constant) & mask`: what increments and decrements look like. */
interface Increment {
  readonly word: number;
  readonly step: number;
  readonly mask: number;
}

/** Turns statements into closures. */
class Compiler {
  readonly #decode: (page: string) => readonly Execute[];
  /** Registers whose change may jam or stop the CPU. */
  readonly #statusRegisters: ReadonlySet<number>;
  /** Index of local 0 in the words of a CPU. */
  readonly #firstLocal: number;

  constructor(isa: InstructionSet, decode: (page: string) => readonly Execute[]) {
    this.#decode = decode;
    this.#statusRegisters = isa.statusRegisters;
    this.#firstLocal = isa.words;
  }

  /** Index of a register or local among the words, −1 for any other expression. */
  #word(expression: Expression): number {
    if (expression.op === 'register') return expression.index;
    return expression.op === 'local' ? this.#firstLocal + expression.index : -1;
  }

  expression(expression: Expression): Evaluate {
    const word = this.#word(expression);
    if (word >= 0) return (cpu) => cpu.words[word] as number;
    switch (expression.op) {
      case 'constant': {
        const { value } = expression;
        return () => value;
      }
      case 'input': {
        const { bit } = expression;
        return (cpu) => ((cpu.words[LINE_WORD] as number) >>> bit) & 1;
      }
      case 'select': {
        const condition = this.expression(expression.condition);
        const consequent = this.expression(expression.consequent);
        const alternate = this.expression(expression.alternate);
        return (cpu) => (condition(cpu) !== 0 ? consequent(cpu) : alternate(cpu));
      }
      default:
        return this.#binary(expression as Extract<Expression, { op: 'binary' }>);
    }
  }

  #binary({ operator, left, right }: Extract<Expression, { op: 'binary' }>): Evaluate {
    const { general, generalWord, generalConstant, wordGeneral, words, wordConstant } = OPERATORS[operator];
    const leftWord = this.#word(left);
    const rightWord = this.#word(right);
    if (right.op === 'constant') {
      if (leftWord >= 0 && wordConstant) return wordConstant(leftWord, right.value);
      if (generalConstant) return generalConstant(this.expression(left), right.value);
    }
    if (leftWord >= 0 && rightWord >= 0 && words) return words(leftWord, rightWord);
    if (leftWord >= 0 && wordGeneral) return wordGeneral(leftWord, this.expression(right));
    if (rightWord >= 0 && generalWord) return generalWord(this.expression(left), rightWord);
    return general(this.expression(left), this.expression(right));
  }

  block(statements: Block): Execute {
    const closures: Execute[] = [];
    for (let index = 0; index < statements.length; index += 1) {
      const statement = statements[index] as Statement;
      const fetch = this.#fetch(statement, statements[index + 1]);
      if (fetch) index += 1;
      closures.push(fetch ?? this.#statement(statement));
    }
    return sequence(closures);
  }

  /** A read at the address in a register that the next statement increments, as one closure. */
  #fetch(statement: Statement, next: Statement | undefined): Execute | undefined {
    if (statement.op !== 'cycle' || statement.cycle.kind !== 'read' || statement.cycle.space !== 'memory')
      return undefined;
    if (next?.op !== 'set') return undefined;
    const [address] = statement.operands as [Expression];
    const word = this.#word(address);
    const increment = this.#increment(next.value);
    if (word < 0 || word !== next.register || increment?.word !== word) return undefined;
    const result = this.#firstLocal + statement.result;
    const { step, mask } = increment;
    const { length } = statement.cycle;
    return (cpu) => {
      const { words } = cpu;
      words[result] = cpu.read(cpu.memory, words[word] as number, length);
      words[word] = ((words[word] as number) + step) & mask;
    };
  }

  #increment(value: Expression): Increment | undefined {
    if (value.op !== 'binary' || value.operator !== '&' || value.right.op !== 'constant') return undefined;
    const { left: sum } = value;
    if (sum.op !== 'binary' || (sum.operator !== '+' && sum.operator !== '-') || sum.right.op !== 'constant')
      return undefined;
    const word = this.#word(sum.left);
    if (word < 0) return undefined;
    return { word, step: sum.operator === '+' ? sum.right.value : -sum.right.value, mask: value.right.value };
  }

  #statement(statement: Statement): Execute {
    switch (statement.op) {
      case 'set':
        if (this.#statusRegisters.has(statement.register)) return this.#setStatus(statement.register, statement.value);
        return this.#assign(statement.register, statement.value);
      case 'let':
        return this.#assign(this.#firstLocal + statement.local, statement.value);
      case 'acknowledge': {
        const mask = ~(1 << statement.bit);
        return (cpu) => {
          cpu.words[LINE_WORD] = (cpu.words[LINE_WORD] as number) & mask;
        };
      }
      case 'sample':
        return (cpu) => cpu.catchUp();
      case 'if':
        return this.#if(statement);
      case 'cycle':
        return this.#cycle(statement);
      case 'decode': {
        const rows = this.#decode(statement.page);
        const word = this.#word(statement.opcode);
        if (word >= 0) return (cpu) => (rows[cpu.words[word] as number] as Execute)(cpu);
        const opcode = this.expression(statement.opcode);
        return (cpu) => (rows[opcode(cpu)] as Execute)(cpu);
      }
    }
  }

  #setStatus(register: number, value: Expression): Execute {
    const evaluate = this.expression(value);
    return (cpu) => {
      cpu.words[register] = evaluate(cpu);
      cpu.control.pause |= PAUSE_STATUS;
    };
  }

  #assign(target: number, value: Expression): Execute {
    const word = this.#word(value);
    if (word >= 0) {
      return (cpu) => {
        cpu.words[target] = cpu.words[word] as number;
      };
    }
    if (value.op === 'constant') {
      const known = value.value;
      return (cpu) => {
        cpu.words[target] = known;
      };
    }
    const increment = this.#increment(value);
    if (increment) {
      const { word: from, step, mask } = increment;
      return (cpu) => {
        cpu.words[target] = ((cpu.words[from] as number) + step) & mask;
      };
    }
    const evaluate = this.expression(value);
    const quiet = valueWithoutInput(value);
    if (quiet !== undefined) {
      return (cpu) => {
        cpu.words[target] = cpu.words[LINE_WORD] === 0 ? quiet : evaluate(cpu);
      };
    }
    return (cpu) => {
      cpu.words[target] = evaluate(cpu);
    };
  }

  #if({ condition, consequent: thenBlock, alternate: otherwiseBlock }: Extract<Statement, { op: 'if' }>): Execute {
    const consequent = this.block(thenBlock);
    const alternate = otherwiseBlock.length > 0 ? this.block(otherwiseBlock) : undefined;
    const word = this.#word(condition);
    if (word >= 0) {
      if (!alternate) {
        return (cpu) => {
          if (cpu.words[word] !== 0) consequent(cpu);
        };
      }
      return (cpu) => {
        if (cpu.words[word] !== 0) consequent(cpu);
        else alternate(cpu);
      };
    }
    const holds = this.expression(condition);
    if (!alternate) {
      return (cpu) => {
        if (holds(cpu) !== 0) consequent(cpu);
      };
    }
    return (cpu) => {
      if (holds(cpu) !== 0) consequent(cpu);
      else alternate(cpu);
    };
  }

  #cycle({ cycle, operands, result: local }: Extract<Statement, { op: 'cycle' }>): Execute {
    if (cycle.kind === 'return') return (cpu) => cpu.endOfInterrupt();
    const [addressExpression, valueExpression] = operands as [Expression, Expression];
    const address = this.expression(addressExpression);
    const addressWord = this.#word(addressExpression);
    const { length } = cycle;
    const isIo = cycle.space === 'io';
    if (cycle.kind === 'idle') {
      if (!cycle.waits) return (cpu) => cpu.pass(address, length);
      return (cpu) => cpu.idle(address(cpu), length);
    }
    if (cycle.kind === 'write') {
      const value = this.expression(valueExpression);
      const valueWord = this.#word(valueExpression);
      if (isIo) return (cpu) => cpu.write(cpu.io, address(cpu), value(cpu), length);
      if (addressWord >= 0 && valueWord >= 0) {
        return (cpu) => cpu.write(cpu.memory, cpu.words[addressWord] as number, cpu.words[valueWord] as number, length);
      }
      if (valueWord >= 0) return (cpu) => cpu.write(cpu.memory, address(cpu), cpu.words[valueWord] as number, length);
      return (cpu) => cpu.write(cpu.memory, address(cpu), value(cpu), length);
    }
    const result = this.#firstLocal + local;
    if (cycle.kind === 'acknowledge') {
      return (cpu) => {
        cpu.words[result] = cpu.acknowledge(address(cpu), length);
      };
    }
    if (isIo) {
      return (cpu) => {
        cpu.words[result] = cpu.read(cpu.io, address(cpu), length);
      };
    }
    if (addressWord >= 0) {
      return (cpu) => {
        cpu.words[result] = cpu.read(cpu.memory, cpu.words[addressWord] as number, length);
      };
    }
    return (cpu) => {
      cpu.words[result] = cpu.read(cpu.memory, address(cpu), length);
    };
  }
}

const nothing: Execute = () => {};

function sequence(closures: readonly Execute[]): Execute {
  const [a = nothing, b = nothing, c = nothing, d = nothing, e = nothing, f = nothing] = closures;
  switch (closures.length) {
    case 0:
    case 1:
      return a;
    case 2:
      return (cpu) => {
        a(cpu);
        b(cpu);
      };
    case 3:
      return (cpu) => {
        a(cpu);
        b(cpu);
        c(cpu);
      };
    case 4:
      return (cpu) => {
        a(cpu);
        b(cpu);
        c(cpu);
        d(cpu);
      };
    case 5:
      return (cpu) => {
        a(cpu);
        b(cpu);
        c(cpu);
        d(cpu);
        e(cpu);
      };
    default: {
      const rest = sequence(closures.slice(6));
      if (closures.length === 6) {
        return (cpu) => {
          a(cpu);
          b(cpu);
          c(cpu);
          d(cpu);
          e(cpu);
          f(cpu);
        };
      }
      return (cpu) => {
        a(cpu);
        b(cpu);
        c(cpu);
        d(cpu);
        e(cpu);
        f(cpu);
        rest(cpu);
      };
    }
  }
}

/** One instruction set as closures; shared by all CPUs of a process, rows compiled when they first run. */
export class Evaluator {
  readonly #isa: InstructionSet;
  readonly #pages = new Map<string, Execute[]>();
  // What was compiled once serves all machines; making it anew was half of the time that createMachine took.
  readonly #bodies = new WeakMap<Body, Execute>();
  readonly #expressions = new WeakMap<Expression, Evaluate>();
  readonly #compiler: Compiler;
  readonly #step: Execute;
  readonly #reset: Execute;

  constructor(isa: InstructionSet) {
    this.#isa = isa;
    this.#compiler = new Compiler(isa, (page) => this.#page(page));
    this.#step = this.#compiler.block(isa.step.block);
    this.#reset = this.#compiler.block(isa.reset.block);
  }

  /** A closure of a body that is no row. */
  compile(body: Body): Execute {
    let execute = this.#bodies.get(body);
    if (!execute) {
      execute = this.#compiler.block(body.block);
      this.#bodies.set(body, execute);
    }
    return execute;
  }

  /** A closure of an expression. */
  compileExpression(expression: Expression): Evaluate {
    let evaluate = this.#expressions.get(expression);
    if (!evaluate) {
      evaluate = this.#compiler.expression(expression);
      this.#expressions.set(expression, evaluate);
    }
    return evaluate;
  }

  #page(name: string): Execute[] {
    let rows = this.#pages.get(name);
    if (!rows) {
      const compiled: Execute[] = [];
      this.#isa.pages.get(name)?.forEach((encoding, opcode) => {
        compiled[opcode] = encoding ? this.#whenFirstRun(compiled, opcode, encoding) : nothing;
      });
      // An opcode that no row describes does nothing.
      for (let opcode = 0; opcode < 256; opcode += 1) compiled[opcode] ??= nothing;
      rows = compiled;
      this.#pages.set(name, rows);
    }
    return rows;
  }

  #whenFirstRun(rows: Execute[], opcode: number, encoding: Encoding): Execute {
    return (cpu) => {
      const compiled = this.compile(this.#isa.body(encoding));
      rows[opcode] = compiled;
      compiled(cpu);
    };
  }

  /** Run one instruction (or the reset sequence, or one cycle of a CPU that is held in reset). */
  step(cpu: Cpu): void {
    const { words } = cpu;
    cpu.isAtFirstCycle = true;
    if (((words[RESET_WORD] as number) | (words[HUNG_WORD] as number)) === 0) this.#step(cpu);
    else if (cpu.isHeld) cpu.wait();
    else {
      words[RESET_WORD] = 0;
      this.#reset(cpu);
    }
  }

  /** Run whole instructions until the CPU's time reaches `until` or something asks for the machine's attention. */
  run(cpu: Cpu, until: number): void {
    const { clock, control } = cpu;
    while ((clock[0] as number) < until && control.pause === 0) this.step(cpu);
  }
}

const evaluators = new WeakMap<InstructionSet, Evaluator>();

/** The evaluator of an instruction set, one a process. */
export function evaluatorOf(isa: InstructionSet): Evaluator {
  let evaluator = evaluators.get(isa);
  if (!evaluator) {
    evaluator = new Evaluator(isa);
    evaluators.set(isa, evaluator);
  }
  return evaluator;
}
