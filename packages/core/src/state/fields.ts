/** Declared fields laid into the arena and shown as plain properties. */
import type { Field, FieldKind, Fields, StateOf } from '../plugin/fields.js';
import type { Arena, ArenaLayout } from './arena.js';

const SIZE: Readonly<Record<FieldKind, number>> = { bit: 1, u8: 1, u16: 2, u32: 4, i32: 4, f64: 8, bytes: 1 };

/** Places of a component's fields. */
export type FieldPlaces = ReadonlyMap<string, { readonly field: Field; readonly offset: number }>;

export function reserveFields(fields: Fields, layout: ArenaLayout): FieldPlaces {
  return new Map(
    Object.entries(fields).map(([name, field]) => {
      const size = SIZE[field.kind];
      return [name, { field, offset: layout.reserve(size * field.length, size) }];
    }),
  );
}

/** Set every field to what it is after power-on. */
export function initializeFields(places: FieldPlaces, arena: Arena): void {
  const state: Record<string, number> = fieldState(places, arena);
  for (const [name, { field }] of places) {
    if (field.kind === 'bytes') (state[name] as unknown as Uint8Array).fill(field.initial);
    else state[name] = field.initial;
  }
}

/** The object of plain properties. */
export function fieldState<F extends Fields>(places: FieldPlaces, arena: Arena): StateOf<F> {
  const state = {};
  for (const [name, { field, offset }] of places) {
    Object.defineProperty(state, name, { enumerable: true, ...property(field, offset, arena) });
  }
  return state as StateOf<F>;
}

function property({ kind, length }: Field, offset: number, arena: Arena): PropertyDescriptor {
  switch (kind) {
    case 'bit': {
      const { u8 } = arena;
      return {
        get: () => u8[offset],
        set(value: number) {
          u8[offset] = value & 1;
        },
      };
    }
    case 'u8':
      return element(arena.u8, offset);
    case 'u16':
      return element(arena.u16, offset >> 1);
    case 'u32':
      return element(arena.u32, offset >> 2);
    case 'i32':
      return element(arena.i32, offset >> 2);
    case 'f64':
      return element(arena.f64, offset >> 3);
    case 'bytes':
      return { value: arena.bytes(offset, length) };
  }
}

function element(
  array: Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array,
  index: number,
): PropertyDescriptor {
  return {
    get: () => array[index],
    set(value: number) {
      array[index] = value;
    },
  };
}
