import { programsSuite } from './programs.js';

programsSuite('roms/6502/decimal and misc', ({ file }) => file.includes('/decimal/') || file.includes('/misc/'));
