/** Where a text stops being JSON, and what would have been right there. */
export interface JsonFault {
  readonly offset: number;
  readonly expected: string;
}

const scalar = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;
const blank = /[ \t\r\n]*/y;
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * The first fault of a JSON text, or undefined if it has none. `JSON.parse` tells the place only now and then, and
 * differently from one Node to the next; users are told the line always.
 */
export function findJsonFault(text: string): JsonFault | undefined {
  const open: ('{' | '[')[] = [];
  let offset = 0;

  const at = (pattern: RegExp): boolean => {
    pattern.lastIndex = offset;
    if (!pattern.test(text)) return false;
    offset = pattern.lastIndex;
    return true;
  };
  const take = (character: string): boolean => {
    if (text[offset] !== character) return false;
    offset += 1;
    return true;
  };
  const fault = (expected: string): JsonFault => ({ offset, expected });

  /** After its opening quote; a fault in it is told at the character that is wrong, or at the quote that never closes. */
  const string = (): JsonFault | undefined => {
    const start = offset - 1;
    for (;;) {
      const character = text[offset];
      if (character === undefined || character === '\n' || character === '\r') {
        return { offset: start, expected: 'a closing quote on the same line' };
      }
      if (character === '"') {
        offset += 1;
        return undefined;
      }
      if (character === '\\') {
        if (!at(escapeSequence)) return fault('an escape such as \\n or \\u0041');
      } else if (character < ' ') {
        return fault('no control character in a string');
      } else offset += 1;
    }
  };

  let expecting: 'value' | 'value or ]' | 'key' | 'key or }' | 'more' = 'value';
  for (;;) {
    at(blank);
    if (expecting === 'more') {
      const inner = open.at(-1);
      if (inner === undefined) return offset < text.length ? fault('nothing more') : undefined;
      if (take(',')) expecting = inner === '{' ? 'key' : 'value';
      else if (take(inner === '{' ? '}' : ']')) open.pop();
      else return fault(inner === '{' ? "',' or '}'" : "',' or ']'");
      continue;
    }
    if (expecting === 'key' || expecting === 'key or }') {
      if (expecting === 'key or }' && take('}')) {
        open.pop();
        expecting = 'more';
        continue;
      }
      if (!take('"')) return fault(expecting === 'key' ? 'a key in double quotes' : "a key in double quotes, or '}'");
      const wrong = string();
      if (wrong) return wrong;
      at(blank);
      if (!take(':')) return fault("':'");
      expecting = 'value';
      continue;
    }
    if (expecting === 'value or ]' && take(']')) {
      open.pop();
      expecting = 'more';
    } else if (take('{')) {
      open.push('{');
      expecting = 'key or }';
    } else if (take('[')) {
      open.push('[');
      expecting = 'value or ]';
    } else if (take('"')) {
      const wrong = string();
      if (wrong) return wrong;
      expecting = 'more';
    } else if (at(scalar)) expecting = 'more';
    else return fault('a value');
  }
}
