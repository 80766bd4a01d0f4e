import { expect, test } from 'vitest';
import { BackplaneError } from '../errors.js';
import { type DeviceDefinition, defineDevice } from '../plugin/define-device.js';
import { probe } from '../testing/probe.js';
import { createMachine } from './machine.js';

/** A definition as plain JavaScript may hand it over. */
const definition = (changes: object): DeviceDefinition =>
  ({ type: 'lamp', version: 1, lines: ['on'], create: () => ({}), ...changes }) as DeviceDefinition;

const machineWith = (changes: object) =>
  createMachine(
    { clock: 1_000_000, cpu: { type: 'probe' }, devices: { light: { type: 'lamp' } } },
    { plugins: [probe, defineDevice(definition(changes))] },
  );

function errorOf(action: () => unknown): BackplaneError {
  try {
    action();
  } catch (error) {
    if (error instanceof BackplaneError) return error;
    throw error;
  }
  throw new Error('there is no error');
}

test.each([
  [{ chanels: ['a'] }, "defineDevice('lamp'): unknown key 'chanels'; did you mean 'channels'?"],
  [{ create: undefined }, "defineDevice('lamp'): 'create' is missing; give a function"],
  [{ lines: 'on' }, "defineDevice('lamp'): 'lines' is of the wrong kind; give a list of names, such as ['irq']"],
  [{ version: '1' }, "defineDevice('lamp'): 'version' is of the wrong kind; give a whole number"],
  [{ size: -1 }, "defineDevice('lamp'): 'size' is of the wrong kind; give a whole number, or a function of the config"],
  [{ type: undefined }, "defineDevice(): 'type' is missing; give a name of lower-case letters, digits and hyphens"],
  [
    { type: 'The Lamp' },
    "defineDevice('The Lamp'): 'type' is of the wrong kind; give a name of lower-case letters, digits and hyphens",
  ],
])('a definition with %j is refused', (changes, message) => {
  const error = errorOf(() => defineDevice(definition(changes)));
  expect([error.code, error.message]).toEqual(['device/definition', message]);
});

test.each([
  ['state', { state: () => fail() }, "devices.light: 'state' of 'lamp' throws Error: burnt out"],
  ['size', { size: () => fail() }, "devices.light: 'size' of 'lamp' throws Error: burnt out"],
  ['create', { create: () => fail() }, "devices.light: 'create' of 'lamp' throws Error: burnt out"],
])('what %s throws is told with the device, and kept as the cause', (_name, changes, message) => {
  const error = errorOf(() => machineWith(changes));
  expect([error.code, error.message]).toEqual(['device/fault', message]);
  expect(error.cause).toBeInstanceOf(Error);
});

test('a device that returns nothing is refused', () => {
  expect(errorOf(() => machineWith({ create: () => undefined })).message).toBe(
    "devices.light: 'create' of 'lamp' throws TypeError: it returns no object with reset, read, write …",
  );
});

test('a handler of something undeclared is refused', () => {
  const create = () => ({ lines: { onn() {} } });
  expect(errorOf(() => machineWith({ create })).message).toBe(
    "devices.light: it handles 'onn', which is not among its lines; did you mean 'on'?",
  );
});

function fail(): never {
  throw new Error('burnt out');
}
