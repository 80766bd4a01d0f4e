// Brings the reference data of the tests from its public origins into .references/, as scripts/references.json lists it:
// each file from a pinned commit, checked by its SHA-256 before it is kept. What is there already is not fetched again.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';

const usage = `usage: pnpm references [PREFIX]... [--into DIR] [--origin URL] [--list FILE]

  PREFIX         only paths that start so: reference/singlestep/6502
  --into DIR     where the files go (.references)
  --origin URL   what serves OWNER/REPOSITORY/COMMIT/PATH (https://raw.githubusercontent.com)
  --list FILE    the list of files (scripts/references.json)`;

const checkout = fileURLToPath(new URL('..', import.meta.url));
const options = {
  into: { type: 'string', default: join(checkout, '.references') },
  origin: { type: 'string', default: 'https://raw.githubusercontent.com' },
  list: { type: 'string', default: join(checkout, 'scripts/references.json') },
  help: { type: 'boolean', default: false },
};
const parallelDownloads = 6;
const mostFailures = 5;

/** How a file is made from what its origins serve; named in the list. */
const forms = {
  'as it is': ([body]) => bytesOf(body),
  'intel-hex': async ([body]) => fromIntelHex((await bytesOf(body)).toString('latin1')),
  'json-tests': (bodies, limit) => firstJsonTests(bodies, limit),
  'brotli-tests': async ([body], limit) => firstBinaryTests(brotliDecompressSync(await bytesOf(body)), limit),
};

const { values: settings, positionals: prefixes } = readCommandLine();
const list = JSON.parse(readFileSync(settings.list, 'utf8'));
const wanted = (path) => prefixes.length === 0 || prefixes.some((prefix) => path.startsWith(prefix));

const partial = join(settings.into, `.partial-${process.pid}`);
process.on('exit', () => rmSync(partial, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

const all = publishedFiles().filter((file) => wanted(file.path));
const unpublished = list.unpublished.map(({ why, files }) => ({
  why,
  files: Object.entries(files).filter(([path]) => wanted(path)),
}));
if (all.length === 0 && unpublished.every(({ files }) => files.length === 0)) {
  console.error(`nothing in the list starts with ${prefixes.join(' or ')}`);
  process.exit(2);
}
const missing = all.filter((file) => !isHere(file.path, file.sha256));
const failures = [];
let fetched = 0;
const queue = [...missing];
await Promise.all(Array.from({ length: parallelDownloads }, work));
endProgress();

console.log(
  `${fetched} fetched, ${all.length - missing.length} already there, ${missing.length - fetched} missing of ${all.length} published files`,
);
reportUnpublished();
for (const failure of failures) console.error(failure);
if (failures.length >= mostFailures) console.error(`gave up after ${mostFailures} failures`);
process.exitCode = fetched === missing.length ? 0 : 1;

async function work() {
  while (queue.length > 0 && failures.length < mostFailures) {
    const file = queue.shift();
    try {
      keep(file, await make(file));
      fetched += 1;
    } catch (error) {
      failures.push(`${file.path}: ${error.cause?.message ?? error.message}`);
    }
    showProgress(file.path);
  }
}

/** One flat list: in the JSON the files of one folder share origin, form and licence. */
function publishedFiles() {
  return list.published.flatMap(({ to, from, form, tests, files }) =>
    Object.entries(files).map(([name, [bytes, sha256, nameAtOrigin = name]]) => ({
      path: to.replace('*', name),
      urls: from.map(({ repo, commit, path }) => {
        const segments = `${repo}/${commit}/${path.replace('*', nameAtOrigin)}`.split('/');
        return `${settings.origin}/${segments.map(encodeURIComponent).join('/')}`;
      }),
      form,
      tests,
      bytes,
      sha256,
    })),
  );
}

async function make({ urls, form, tests, bytes, sha256 }) {
  const content = await forms[form](await Promise.all(urls.map(download)), tests);
  const found = hash(content);
  if (found !== sha256) {
    throw new Error(`refused: SHA-256 is ${found} (${content.length} bytes), listed is ${sha256} (${bytes} bytes)`);
  }
  return content;
}

async function download(url) {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, { signal: AbortSignal.timeout(120_000) }).catch((error) => ({ error }));
    if (response.ok) return response.body;
    const reason = response.error
      ? (response.error.cause?.message ?? response.error.message)
      : `HTTP ${response.status}`;
    const passing = response.error || response.status === 429 || response.status >= 500;
    if (!passing || attempt === 3) throw new Error(`${url}: ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, attempt * 1000));
  }
}

/** Under its name a file is whole or absent: it is written elsewhere and renamed. */
function keep({ path, sha256 }, content) {
  const target = join(settings.into, path);
  mkdirSync(partial, { recursive: true });
  mkdirSync(dirname(target), { recursive: true });
  const draft = join(partial, sha256);
  writeFileSync(draft, path.endsWith('.gz') ? gzipSync(content, { level: 9 }) : content);
  renameSync(draft, target);
}

function isHere(path, sha256) {
  const target = join(settings.into, path);
  if (!existsSync(target)) return false;
  try {
    const file = readFileSync(target);
    return hash(path.endsWith('.gz') ? gunzipSync(file) : file) === sha256;
  } catch {
    return false; // a damaged gzip: fetched again
  }
}

function reportUnpublished() {
  for (const { why, files } of unpublished) {
    const absent = files.filter(([path, [, sha256]]) => !isHere(path, sha256));
    if (absent.length === 0) continue;
    const paths = absent.length > 4 ? [absent[0][0], `and ${absent.length - 1} more`] : absent.map(([path]) => path);
    console.log(`not brought, ${why}:\n  ${paths.join('\n  ')}`);
  }
}

async function bytesOf(body) {
  return Buffer.from(await new Response(body).arrayBuffer());
}

function hash(content) {
  return createHash('sha256').update(content).digest('hex');
}

/** The data records, from the lowest address on; what they leave out is 0. */
function fromIntelHex(text) {
  const records = text
    .split(/\s+/)
    .filter((line) => line.startsWith(':'))
    .map((line) => Buffer.from(line.slice(1), 'hex'))
    .filter((record) => record[3] === 0)
    .map((record) => ({ address: record.readUInt16BE(1), data: record.subarray(4, 4 + record[0]) }));
  const start = Math.min(...records.map(({ address }) => address));
  const end = Math.max(...records.map(({ address, data }) => address + data.length));
  const image = Buffer.alloc(end - start);
  for (const { address, data } of records) data.copy(image, address - start);
  return image;
}

/** The first tests of all bodies in turn, no test twice. Upstream files hold up to 10,000: what is not needed is not read. */
async function firstJsonTests(bodies, limit = Number.POSITIVE_INFINITY) {
  const tests = new Set();
  for (const body of bodies) {
    for await (const text of objectsIn(body)) {
      // One of the origins writes its keys with capitals.
      tests.add(JSON.stringify(JSON.parse(text.replace(/"\w+"(?=\s*:)/g, (key) => key.toLowerCase()))));
      if (tests.size === limit) break;
    }
  }
  return oneTestALine([...tests]);
}

/** The text of each object of an array of objects. No string in these files holds a brace. */
async function* objectsIn(body) {
  let text = '';
  let depth = 0;
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    for (const character of chunk) {
      if (character === '{') depth += 1;
      if (depth > 0) text += character;
      if (character !== '}') continue;
      depth -= 1;
      if (depth > 0) continue;
      yield text;
      text = '';
    }
  }
}

/**
 * The binary vectors of MrKWatkins/EmulatorTestSuites, whose Step.cs is the description: little endian; a count is 7 bits
 * a byte, lowest first, the top bit set while more follow. They have no names: the bytes at pc make one, as upstream.
 */
function firstBinaryTests(bytes, limit) {
  let position = 0;
  const byte = () => bytes[position++];
  const word = () => byte() | (byte() << 8);
  const count = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const part = byte();
      value |= (part & 0x7f) << shift;
      if (part < 0x80) return value;
    }
  };
  const several = (item) => Array.from({ length: count() }, item);
  const state = () => {
    const [a, x, y, s, p, pc] = [byte(), byte(), byte(), byte(), byte(), word()];
    return { pc, s, a, x, y, p, ram: several(() => [word(), byte()]) };
  };
  const tests = Array.from({ length: Math.min(count(), limit) }, () => {
    const initial = state();
    const final = state();
    const cycles = several(() => [word(), byte(), byte() ? 'write' : 'read']);
    const memory = new Map(initial.ram);
    const name = [0, 1, 2].map(
      (offset) =>
        memory
          .get((initial.pc + offset) & 0xffff)
          ?.toString(16)
          .padStart(2, '0') ?? '..',
    );
    return JSON.stringify({ name: name.join(' '), initial, final, cycles });
  });
  return oneTestALine(tests);
}

function oneTestALine(tests) {
  return Buffer.from(`[\n${tests.join(',\n')}\n]\n`);
}

function showProgress(path) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${fetched}/${missing.length} ${path}`);
}

function endProgress() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

function readCommandLine() {
  try {
    const commandLine = parseArgs({ options, allowPositionals: true });
    if (!commandLine.values.help) return commandLine;
    console.log(usage);
    process.exit(0);
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}
