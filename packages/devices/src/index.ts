export { acia6551 } from './acia-6551/acia-6551.js';
export { compactFlash } from './compact-flash/compact-flash.js';
export { memoryMappedConsole } from './console/console.js';
export { ctc } from './ctc/ctc.js';
export { debugExit } from './debug-exit/debug-exit.js';
export { pio } from './pio/pio.js';
export { via6522 } from './via-6522/via-6522.js';
