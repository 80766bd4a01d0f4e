import { programsSuite } from './programs.js';

// One half of a long suite, so that two workers share it.
programsSuite('roms/6502/lorenz-undocumented, read-modify-write', ({ file }) =>
  /\/lorenz-undocumented\/(dcp|isc|rla|rra|slo|sre)/.test(file),
);
