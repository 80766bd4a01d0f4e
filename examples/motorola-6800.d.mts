import type { CpuPlugin } from '@backplane/core';

/** The Motorola 6800 as a CPU plugin. Lines: `irq`, `nmi`, `halt` and `reset`, all asserted when low. */
export declare const motorola6800: CpuPlugin;
