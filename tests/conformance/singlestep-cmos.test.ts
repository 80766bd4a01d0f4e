import { type Doubt, singlestepSuite } from './singlestep-suite.js';

const doubtful: Doubt = {
  what: 'address and value of the third cycle of ADC and SBC with an immediate operand, in decimal mode',
  why: 'they read once more, from an address that differs from set to set (0x007F, 0x0059, 0x0056; 0x0000) and is that of no operand',
  is: (opcode, cycle) => (opcode === 0x69 || opcode === 0xe9) && cycle === 2,
};

// The WDC set lacks WAI and STP.
singlestepSuite({ folder: 'singlestep/65c02-wdc', variant: 'wdc', files: 254, vectors: 48_493, doubtful });
singlestepSuite({ folder: 'singlestep/65c02-rockwell', variant: 'rockwell', files: 256, vectors: 2048, doubtful });
singlestepSuite({ folder: 'singlestep/65c02-synertek', variant: 'synertek', files: 256, vectors: 2048, doubtful });
