/** A process for a core that is a module: one that hangs a thread is run in it, where it can be ended. */
import { serveCore } from './serve-core.js';
import { coreIn } from './subject.js';

await serveCore(await coreIn(process.argv[2] as string));
