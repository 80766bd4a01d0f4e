import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gunzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { temporaryFolder } from '../tests/temporary-folder.js';

const script = fileURLToPath(new URL('references.mjs', import.meta.url));
const temporary = temporaryFolder();
const facts = (content: string | Uint8Array) => [content.length, createHash('sha256').update(content).digest('hex')];

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A list of files, an origin that answers as `listener` does, and the script started on both. */
async function start(published: object[], listener: RequestListener, unpublished: object[] = []) {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const into = mkdtempSync(join(temporary, 'into-'));
  const list = join(into, 'list.json');
  writeFileSync(list, JSON.stringify({ published, unpublished }));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const again = () => {
    const child = spawn(process.execPath, [script, '--into', into, '--list', list, '--origin', origin]);
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    child.stderr.on('data', (text) => {
      output += text;
    });
    const end = once(child, 'close').then(([status]) => ({ status: status as number | null, output }));
    return { child, end };
  };
  return { into, again, ...again() };
}

const serving =
  (files: Record<string, string | Uint8Array>, requests: string[] = []): RequestListener =>
  (request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    requests.push(path);
    const content = files[path];
    response.statusCode = content === undefined ? 404 : 200;
    response.end(content);
  };

const from = [{ repo: 'someone/something', commit: 'c0ffee', path: 'a folder/*' }];
const plain = (files: Record<string, unknown>) => ({ to: 'software/*', from, form: 'as it is', licence: 'MIT', files });

test('fetches what is listed, and nothing again', async () => {
  const requests: string[] = [];
  const listed = [plain({ 'one.bin': facts('one'), 'two.bin.gz': [...facts('two'), 'two.bin'] })];
  const origin = serving(
    { '/someone/something/c0ffee/a folder/one.bin': 'one', '/someone/something/c0ffee/a folder/two.bin': 'two' },
    requests,
  );
  const { into, again, end } = await start(listed, origin);
  expect(await end).toEqual({ status: 0, output: '2 fetched, 0 already there, 0 missing of 2 published files\n' });
  expect(readFileSync(join(into, 'software/one.bin'), 'utf8')).toBe('one');
  expect(gunzipSync(readFileSync(join(into, 'software/two.bin.gz'))).toString()).toBe('two');

  writeFileSync(join(into, 'software/one.bin'), 'damaged');
  expect((await again().end).output).toBe('1 fetched, 1 already there, 0 missing of 2 published files\n');
  expect((await again().end).output).toBe('0 fetched, 2 already there, 0 missing of 2 published files\n');
  expect(requests).toHaveLength(3);
});

test('refuses what has another hash and what is not there, keeps the rest', async () => {
  const listed = [plain({ 'good.bin': facts('good'), 'bad.bin': facts('true'), 'gone.bin': facts('gone') })];
  const files = {
    '/someone/something/c0ffee/a folder/good.bin': 'good',
    '/someone/something/c0ffee/a folder/bad.bin': 'fake',
  };
  const { into, end } = await start(listed, serving(files));
  const { status, output } = await end;
  expect(status).toBe(1);
  expect(output).toContain(
    `software/bad.bin: refused: SHA-256 is ${facts('fake')[1]} (4 bytes), listed is ${facts('true')[1]}`,
  );
  expect(output).toMatch(/software\/gone\.bin: http.*\/gone\.bin: HTTP 404/);
  expect(readdirSync(join(into, 'software'))).toEqual(['good.bin']);
});

test('an interrupted run leaves nothing half-written, and the next one goes on', async () => {
  let stall = true;
  const listed = [plain({ 'one.bin': facts('one'), 'slow.bin': facts('slowly') })];
  const { into, again, child, end } = await start(listed, (request, response) => {
    if (!request.url?.endsWith('slow.bin')) return void response.end('one');
    response.write('slow');
    if (!stall) response.end('ly');
  });
  while (!existsSync(join(into, 'software/one.bin'))) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  expect((await end).status).toBe(130);
  expect(readdirSync(into).sort()).toEqual(['list.json', 'software']);
  expect(readdirSync(join(into, 'software'))).toEqual(['one.bin']);

  stall = false;
  expect((await again().end).output).toBe('1 fetched, 1 already there, 0 missing of 2 published files\n');
});

test('says which files nobody publishes, and why', async () => {
  const files = { 'reference/own.json': facts('own') };
  const { end } = await start([plain({})], serving({}), [{ why: 'measured by hand', files }]);
  expect((await end).output).toContain('not brought, measured by hand:\n  reference/own.json\n');
});

/** One test of the vectors, as the reference data has it. */
const vector = (pc: number) => ({
  name: 'a9 2a ..',
  initial: {
    pc,
    s: 1,
    a: 2,
    x: 3,
    y: 4,
    p: 5,
    ram: [
      [pc, 0xa9],
      [pc + 1, 0x2a],
    ],
  },
  final: { pc: pc + 2, s: 1, a: 0x2a, x: 3, y: 4, p: 5, ram: [[pc, 0xa9]] },
  cycles: [
    [pc, 0xa9, 'read'],
    [pc + 1, 0x2a, 'write'],
  ],
});
const lines = (tests: object[]) => `[\n${tests.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`;

test('makes vectors of JSON: the first tests of all origins, none twice', async () => {
  const capitals = JSON.stringify([vector(1), vector(2)], null, 1).replace(
    /"([a-z])(\w*)":/g,
    (_, first, rest) => `"${first.toUpperCase()}${rest}":`,
  );
  const listed = [
    {
      to: '*.json.gz',
      from,
      form: 'json-tests',
      tests: 2,
      licence: 'MIT',
      files: { a9: [...facts(lines([vector(1), vector(2)])), 'many'] },
    },
    {
      to: '*.json.gz',
      from: [from[0], { ...from[0], path: '*' }],
      form: 'json-tests',
      licence: 'MIT',
      files: { aa: facts(lines([vector(1), vector(2), vector(3)])) },
    },
  ];
  const many = JSON.stringify([vector(1), vector(2), vector(3)]);
  const { end } = await start(
    listed,
    serving({
      '/someone/something/c0ffee/a folder/many': many,
      '/someone/something/c0ffee/a folder/aa': capitals,
      '/someone/something/c0ffee/aa': JSON.stringify([vector(2), vector(3)]),
    }),
  );
  expect((await end).output).toBe('2 fetched, 0 already there, 0 missing of 2 published files\n');
});

test('makes vectors of the binary form', async () => {
  const word = (value: number) => [value & 0xff, value >> 8];
  const state = ({ a, x, y, s, p, pc, ram }: ReturnType<typeof vector>['initial']) => [
    ...[a, x, y, s, p, ...word(pc), ram.length],
    ...ram.flatMap(([address, value]) => [...word(address), value]),
  ];
  const { initial, final } = vector(0x1234);
  const one = [...state(initial), ...state(final), 2, ...word(0x1234), 0xa9, 0, ...word(0x1235), 0x2a, 1];
  const binary = brotliCompressSync(Uint8Array.from([0x80 | 3, 0, ...one, ...one, ...one])); // a count of two bytes: 3
  const files = { a9: facts(lines([vector(0x1234), vector(0x1234)])) };
  const { end } = await start(
    [{ to: '*.json.gz', from, form: 'brotli-tests', tests: 2, licence: 'MIT', files }],
    serving({ '/someone/something/c0ffee/a folder/a9': binary }),
  );
  expect((await end).output).toBe('1 fetched, 0 already there, 0 missing of 1 published files\n');
});

test('makes an image of Intel HEX', async () => {
  const hex = ':02020000112200\r\n:0102040033C6\r\n:00000001FF\r\n';
  const { end } = await start(
    [
      {
        to: '*',
        from,
        form: 'intel-hex',
        licence: 'MIT',
        files: { 'a.bin': [...facts(Uint8Array.of(0x11, 0x22, 0, 0, 0x33)), 'a.hex'] },
      },
    ],
    serving({ '/someone/something/c0ffee/a folder/a.hex': hex }),
  );
  expect((await end).output).toBe('1 fetched, 0 already there, 0 missing of 1 published files\n');
});
