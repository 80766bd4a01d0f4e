import { programsSuite } from './programs.js';

programsSuite(
  'roms/6502/lorenz-undocumented, all others',
  ({ file }) => file.includes('/lorenz-undocumented/') && !/\/(dcp|isc|rla|rra|slo|sre)/.test(file),
);
