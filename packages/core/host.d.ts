/**
 * All that core, the CPUs and the devices may know of their host: what every JavaScript engine has, in a browser, in a
 * worker and in Node. Anything else (`process`, `document`, `performance`, timers) is a type error there.
 * Declared as in TypeScript's own `lib.dom.d.ts`, so that a program that has that library sees the same types.
 */

declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  var Memory: {
    prototype: Memory;
    new (descriptor: { initial: number; maximum?: number }): Memory;
  };
  type Module = object;
  var Module: {
    prototype: Module;
    new (bytes: ArrayBufferView | ArrayBuffer): Module;
  };
  type ImportValue = Memory | ((...parameters: number[]) => unknown);
  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  var Instance: {
    prototype: Instance;
    new (module: Module, imports?: Record<string, Record<string, ImportValue>>): Instance;
  };
}

interface TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}
declare var TextEncoder: { prototype: TextEncoder; new (): TextEncoder };

interface TextDecoder {
  decode(input?: ArrayBuffer | ArrayBufferView): string;
}
declare var TextDecoder: {
  prototype: TextDecoder;
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};

declare var console: Record<'log' | 'info' | 'warn' | 'error', (...data: unknown[]) => void>;
