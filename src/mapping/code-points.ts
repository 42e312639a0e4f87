/**
 * Order of two texts by Unicode code point, for `sort`. The order of `<` is that of UTF-16 units, where U+1F600 comes
 * before U+FF21; a server or a database that sorts UTF-8 bytes has it the other way round.
 */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Moves surrogates above the rest of the basic plane; the order within either is kept. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
