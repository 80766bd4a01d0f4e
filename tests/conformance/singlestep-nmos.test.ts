import { singlestepSuite } from './singlestep-suite.js';

singlestepSuite({ folder: 'singlestep/6502', variant: 'nmos', files: 256, vectors: 51_200 });
singlestepSuite({ folder: 'singlestep/nes6502', variant: '2a03', files: 256, vectors: 2048 });
