import { ENGINES, isas } from './isas.mjs';

const shown = (value) =>
  value === undefined || Number.isNaN(value)
    ? '–'
    : value >= 100
      ? value.toFixed(0)
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(2);

function table(header, rows) {
  const widths = header.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column].length)));
  const line = (cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join(' | ')} |`;
  console.log(
    [line(header), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n'),
  );
}

export function printRaces(races) {
  for (const [name, { peers }] of Object.entries(isas)) {
    const own = Object.values(races).filter(({ isa }) => isa === name);
    if (own.length === 0) continue;
    console.log(`\n${name.toUpperCase()}: emulated MHz, medians\n`);
    const columns = [...ENGINES, ...peers];
    const rows = own.map(({ title, megahertz }) => [
      title,
      ...columns.map((column) => shown(megahertz[column]?.median)),
    ]);
    table(['', ...columns], rows);
  }
}

export function printMeasurements(measured) {
  const rows = Object.values(measured).flatMap(({ lines }) => lines);
  if (rows.length === 0) return;
  console.log('');
  table(
    ['', 'measured', ''],
    rows.map(([name, value, unit]) => [name, shown(value), unit]),
  );
}

export function printTargets(targets) {
  if (targets.length === 0) return;
  console.log('');
  table(
    ['target', 'wanted', 'measured', ''],
    targets.map(({ name, wanted, value, reached }) => [
      name,
      wanted,
      shown(value),
      Number.isNaN(value) ? 'cannot be told' : reached ? 'reached' : 'NOT REACHED',
    ]),
  );
}
