import {
  WINDOW_ADD_WORD,
  WINDOW_HIGH_WORD,
  WINDOW_LOW_WORD,
  WINDOW_SIZE_WORD,
  WINDOW_START_WORD,
} from '../isa/words.js';
import type { Cpu } from '../machine/cpu.js';
import { FETCHED_AHEAD } from './wasm/frame.js';

/** What compiled code may fetch directly: it is told anew when the program counter has left it. */
export class Window {
  readonly #cpu: Cpu;
  #start = 0;
  #size = 0;
  /** Version of the page table that it was made from; −1 while compiled code is told nothing. */
  #version = -1;

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
  }

  show(): void {
    const { words, memory, programCounter } = this.#cpu;
    const into = programCounter - this.#start;
    if (this.#version === memory.version && into >= 0 && into < this.#size) return;
    const { start, size, add } = memory.window(programCounter);
    this.#start = start;
    this.#size = Math.max(0, size - FETCHED_AHEAD);
    this.#version = memory.version;
    words[WINDOW_START_WORD] = start;
    words[WINDOW_SIZE_WORD] = this.#size;
    words[WINDOW_ADD_WORD] = add;
    words[WINDOW_LOW_WORD] = start + add;
    words[WINDOW_HIGH_WORD] = start + add + this.#size;
  }

  forget(): void {
    this.#version = -1;
  }
}
