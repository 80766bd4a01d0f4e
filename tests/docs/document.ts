import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A fenced block of a document. The words after the language are for tests; a page as it is read does not show them. */
export interface Block {
  readonly kind: 'block';
  readonly language: string;
  /** `file=machine.json` as `file`, `run` as `run` with an empty value. */
  readonly marks: ReadonlyMap<string, string>;
  readonly text: string;
  /** Line of its first fence. */
  readonly line: number;
}

/**
 * A comment `<!-- change FILE: OLD => NEW -->`: the text block after it is what comes of this mistake when the command
 * is typed that the last comment `<!-- mistakes: COMMAND -->` names.
 */
export interface Mistake {
  readonly kind: 'mistake';
  readonly command: string;
  readonly file: string;
  readonly old: string;
  readonly new: string;
  readonly line: number;
}

export const documentFolder = fileURLToPath(new URL('../../docs', import.meta.url));

export const readDocument = (name: string): string => readFileSync(`${documentFolder}/${name}`, 'utf8');

/** The blocks and mistakes of a document, in order. */
export function partsOf(markdown: string): (Block | Mistake)[] {
  const parts: (Block | Mistake)[] = [];
  const lines = markdown.split('\n');
  let command = '';
  for (let index = 0; index < lines.length; index += 1) {
    const text = lines[index] as string;
    command = /^<!-- mistakes: (.*) -->$/.exec(text)?.[1] ?? command;
    const [, file, old, fresh] = /^<!-- change (\S+): (.+) => (.*) -->$/.exec(text) ?? [];
    if (file !== undefined) {
      parts.push({ kind: 'mistake', command, file, old: old as string, new: fresh as string, line: index + 1 });
    }
    const [, language, words = ''] = /^```(\w+)(.*)$/.exec(text) ?? [];
    if (language === undefined) continue;
    const end = lines.indexOf('```', index + 1);
    if (end < 0) throw new Error(`the block at line ${index + 1} has no end`);
    const marks = words.trim().split(/\s+/).filter(Boolean);
    parts.push({
      kind: 'block',
      language,
      marks: new Map(marks.map((mark) => mark.split('=', 2) as [string, string?]).map(([k, v = '']) => [k, v])),
      text: `${lines.slice(index + 1, end).join('\n')}\n`,
      line: index + 1,
    });
    index = end;
  }
  return parts;
}

/** A file that a document shows in several blocks, with text in between: `part=wren.mjs`. */
export const joined = (parts: readonly (Block | Mistake)[], file: string): string =>
  parts.flatMap((part) => (part.kind === 'block' && part.marks.get('part') === file ? [part.text] : [])).join('\n');

/** The blocks of a document. */
export const blocksOf = (markdown: string): Block[] => partsOf(markdown).filter((part) => part.kind === 'block');

/**
 * What a text block promises, as a pattern: `…` stands for anything within a line, a line of `…` alone for any lines.
 */
export function promised(text: string): RegExp {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => {
      if (line.trim() === '…') return '(?:.*\\n)*?';
      return `${line
        .trimEnd()
        .split('…')
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*')}[ \\t]*\\n`;
    });
  return new RegExp(`^${lines.join('')}$`);
}
