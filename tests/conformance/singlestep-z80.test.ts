import { z80VectorSuite } from './singlestep-z80-suite.js';

z80VectorSuite();
