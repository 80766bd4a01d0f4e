import { dirname, extname, resolve } from 'node:path';
import { BackplaneError } from '@backplane/core';
import { findJsonFault } from './json-fault.js';
import { readRegularFile } from './read-file.js';

/** A config is written by hand; one over this size is something else given by mistake. */
const configLimit = 1 << 20;

/** A config as a file holds it, not yet validated by core. */
export interface ConfigFile {
  /** What the user calls it, a path or the name of a ready-made machine: it stands in front of every error. */
  readonly path: string;
  /** The folder that paths in the config are relative to. */
  readonly folder: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Read a JSON or YAML config. */
export async function readConfig(path: string, mend?: string): Promise<ConfigFile> {
  const bytes = await readRegularFile(path, {
    limit: configLimit,
    what: 'a machine config',
    ...(mend ? { mend } : {}),
  });
  const text = decode(bytes, path);
  const config = /^\.ya?ml$/i.test(extname(path)) ? await parseYaml(text, path) : await parseJson(text, path);
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new BackplaneError('runner/config', 'is no machine config', {
      path,
      mend: "it must be an object with 'cpu' and 'memory'; 'backplane init' writes a first one",
    });
  }
  return { path, folder: dirname(resolve(path)), config: config as Record<string, unknown> };
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BackplaneError('runner/config', 'is no text (UTF-8)', { path, mend: 'give a JSON or YAML config' });
  }
}

async function parseJson(text: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch (error) {
    const fault = findJsonFault(text);
    if (fault === undefined) throw tooDeep(path, error);
    const found = fault.offset < text.length ? `'${text.slice(fault.offset).match(/^\w+|^./s)?.[0]}'` : 'the end';
    throw syntaxError(path, text, fault.offset, `JSON syntax error: expected ${fault.expected}, found ${found}`);
  }
}

async function parseYaml(text: string, path: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  try {
    const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
    const fault = document.errors[0];
    if (fault?.message.includes('call stack')) throw new RangeError(fault.message);
    if (fault) throw syntaxError(path, text, fault.pos[0], `YAML syntax error: ${fault.message.split('\n')[0]}`);
    return document.toJS();
  } catch (error) {
    if (error instanceof BackplaneError) throw error;
    if (error instanceof ReferenceError) throw new BackplaneError('runner/syntax', `YAML: ${error.message}`, { path });
    throw tooDeep(path, error);
  }
}

/** What is left when the syntax is right: the parser's stack was exhausted. */
const tooDeep = (path: string, error: unknown) =>
  new BackplaneError('runner/syntax', error instanceof RangeError ? 'is nested too deeply' : String(error), { path });

function syntaxError(path: string, text: string, offset: number, fault: string): BackplaneError {
  const lines = text.slice(0, offset).split(/\r\n?|\n/);
  const column = (lines.at(-1)?.length ?? 0) + 1;
  return new BackplaneError('runner/syntax', fault, { path: `${path}:${lines.length}:${column}` });
}
