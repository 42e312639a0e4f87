/** FNV-1a over UTF-16 units with the finaliser of MurmurHash3: 32 bits, well spread, not for secrets. */
export function hash(text: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mixed(h);
}

/** As `hash`, 48 bits of two hashes that are made in one pass. */
export function hash48(text: string): number {
  let one = 0x811c9dc5;
  let other = 0x01234567;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    one = Math.imul(one ^ unit, 0x01000193);
    other = Math.imul(other ^ unit, 0x5bd1e995);
  }
  return mixed(one) * 0x10000 + (mixed(other) >>> 16);
}

function mixed(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
