/**
 * Everything Backplane throws. The message reads `path: fault; mend`, so that printing it is enough.
 *
 * @example
 * try { createMachine(config, { plugins }); } catch (error) {
 *   if (error instanceof BackplaneError) console.error(error.code, error.message);
 * }
 */
export class BackplaneError extends Error {
  override readonly name: string = 'BackplaneError';
  /** Stable identity of the fault, such as `config/unknown-device`. */
  readonly code: string;
  /** Where the fault is, such as `memory[1].device`. */
  readonly path: string | undefined;
  /** What to do about it. */
  readonly mend: string | undefined;

  constructor(
    code: string,
    fault: string,
    { path, mend, cause }: { path?: string; mend?: string; cause?: unknown } = {},
  ) {
    super(`${path ? `${path}: ` : ''}${fault}${mend ? `; ${mend}` : ''}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
    this.mend = mend;
  }
}

/** A machine config, or what it was given, does not make a machine. */
export class ConfigError extends BackplaneError {
  override readonly name = 'ConfigError';
}

/** A description of an instruction set is at fault: a row, a column of its RTL. */
export class IsaError extends BackplaneError {
  override readonly name = 'IsaError';
}

/** A snapshot or checkpoint does not fit this machine. The machine is as it was. */
export class SnapshotError extends BackplaneError {
  override readonly name = 'SnapshotError';
}

/** An assembler source is at fault; the path is `line:column`. */
export class AssemblerError extends BackplaneError {
  override readonly name = 'AssemblerError';
}

/**
 * `did you mean 'timer'?`, or else the list of what there is; made to be the mend of an error.
 *
 * @param word what was written
 * @param candidates what would have been right
 */
export function suggest(word: string, candidates: readonly string[]): string {
  if (candidates.length === 0) return 'there are none';
  const distances = candidates.map((candidate) => distance(word, candidate));
  const least = Math.min(...distances);
  if (least <= Math.max(1, word.length / 3)) return `did you mean '${candidates[distances.indexOf(least)]}'?`;
  const shown = candidates.slice(0, 12).map((name) => `'${name}'`);
  return `there is ${shown.join(', ')}${candidates.length > shown.length ? ', …' : ''}`;
}

/** Letters to put in, leave out or change (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const letter of from.split('')) {
    let [diagonal = 0] = row;
    let left = diagonal + 1;
    row = row.map((above, index) => {
      if (index > 0) left = Math.min(above + 1, left + 1, diagonal + Number(letter !== to[index - 1]));
      diagonal = above;
      return left;
    });
  }
  return row[to.length] as number;
}
