import { BackplaneError } from '@backplane/core';

const named: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, b: 8, e: 27, a: 7, '0': 0, '\\': 92 };

/** The bytes of `--type TEXT`: UTF-8, with `\r \n \t \b \e \a \0 \\` and `\xNN` for what a shell cannot say. */
export function typedBytes(text: string, path = '--type'): Uint8Array {
  const bytes: number[] = [];
  const plain = new TextEncoder();
  for (const [part] of text.matchAll(/\\x[0-9a-fA-F]{2}|\\[\s\S]?|[^\\]+/g)) {
    if (!part.startsWith('\\')) {
      for (const byte of plain.encode(part)) bytes.push(byte);
      continue;
    }
    const byte = part.length === 4 ? Number.parseInt(part.slice(2), 16) : named[part.slice(1)];
    if (byte === undefined) {
      throw new BackplaneError('runner/escape', `'${part}' is no escape`, {
        path,
        mend: 'there are \\r \\n \\t \\b \\e \\a \\0 \\\\ and \\xNN',
      });
    }
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
