import { cpus, loadavg } from 'node:os';

/** The computer, for whoever reads the numbers. */
export const describeHost = () => ({
  cpu: cpus()[0].model.trim(),
  cores: cpus().length,
  load: loadavg()
    .map((load) => load.toFixed(1))
    .join(' '),
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
});
