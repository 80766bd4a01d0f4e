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
  return new State(places, arena) as unknown as StateOf<F>;
}

type Elements = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/**
 * Properties that lie in an arena. The components of a type have the same accessors in all machines: V8 sees one shape
 * of object where code uses them, and puts the access in its place.
 */
class State {
  /** By field, the view that it is an element of, and which one. */
  readonly #views: readonly Elements[];
  readonly #indices: readonly number[];

  constructor(places: FieldPlaces, arena: Arena) {
    const fields = [...places.values()];
    this.#views = fields.map(({ field }) => viewOf(field.kind, arena));
    this.#indices = fields.map(({ field, offset }) => offset / SIZE[field.kind]);
    [...places].forEach(([name, { field, offset }], at) => {
      const property =
        field.kind === 'bytes' ? { value: arena.bytes(offset, field.length) } : State.#accessors(at, field.kind);
      Object.defineProperty(this, name, { enumerable: true, ...property });
    });
  }

  static readonly #made = new Map<string, PropertyDescriptor>();

  /** The accessors of the field with this number, if it is of this kind. */
  static #accessors(at: number, kind: FieldKind): PropertyDescriptor {
    const key = `${kind} ${at}`;
    let accessors = State.#made.get(key);
    if (!accessors) {
      const isBit = kind === 'bit';
      accessors = {
        get(this: State) {
          return (this.#views[at] as Elements)[this.#indices[at] as number];
        },
        set(this: State, value: number) {
          (this.#views[at] as Elements)[this.#indices[at] as number] = isBit ? value & 1 : value;
        },
      };
      State.#made.set(key, accessors);
    }
    return accessors;
  }
}

function viewOf(kind: FieldKind, arena: Arena): Elements {
  if (kind === 'u16') return arena.u16;
  if (kind === 'u32') return arena.u32;
  if (kind === 'i32') return arena.i32;
  return kind === 'f64' ? arena.f64 : arena.u8;
}
