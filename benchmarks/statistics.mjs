export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median with the extremes around it. */
export const spread = (values) => ({ median: median(values), least: Math.min(...values), most: Math.max(...values) });

/** How the medians of two samples compare, and between what the ratio would be in 95 of 100 such pairs of samples. */
export function ratioOfMedians(some, others) {
  // The samples themselves stand for what they were drawn from (Efron's bootstrap); always the same draws.
  let seed = 1;
  const draw = (values) =>
    values.map(() => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return values[Math.floor((seed / 2 ** 32) * values.length)];
    });
  const ratios = Array.from({ length: 2000 }, () => median(draw(some)) / median(draw(others))).sort((a, b) => a - b);
  return { value: median(some) / median(others), low: ratios[50], high: ratios[1949] };
}
