/** The same bytes, in a place with room for so many more after `end`: most often that is where they are. */
export function withRoom(bytes: Buffer, end: number, more: number): Buffer {
  if (end + more <= bytes.length) return bytes;
  const larger = Buffer.allocUnsafe(2 * (end + more));
  bytes.copy(larger, 0, 0, end);
  return larger;
}
