/**
 * A digest of text that shows damage: two 32-bit lanes of multiply and exclusive-or (as in FNV-1a, with different
 * multipliers), stirred by MurmurHash3's finalizer. It guards against accidents, not against malice; a cryptographic
 * hash would be a tenth of core's code.
 *
 * @returns 16 hexadecimal digits
 */
export function digest(text: { readonly length: number; charCodeAt(index: number): number }): string {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit ^ (low >>> 16), 0x5bd1e995);
  }
  return [low ^ text.length, high ^ low].map((lane) => stir(lane).toString(16).padStart(8, '0')).join('');
}

function stir(lane: number): number {
  const first = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return (second ^ (second >>> 16)) >>> 0;
}
