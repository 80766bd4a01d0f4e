/** A sample of what tests/conformance compares, for every day. */
import { z80VectorSuite } from '../conformance/singlestep-z80-suite.js';

z80VectorSuite({ everyFile: 7, vectors: 3 });
