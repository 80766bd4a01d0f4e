/** jsnes' CPU at the end of the line protocol. */
import { core } from '../../examples/foreign-cores/jsnes.mjs';
import { serveCore } from '../../packages/runner/dist/index.js';

await serveCore(core);
