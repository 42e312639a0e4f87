/** Ticks of 100 ns since 1601 ([MS-DTYP] section 2.3.3). They exceed the 53 bits of a number since 1629. */

const ticksPerMicro = 10n;
const microsPerSecond = 1_000_000n;
/** From 1601 to 1970. */
const unixEpoch = 11_644_473_600n;
const lastSecond = 253_402_300_799n;

/** Both mean never ([MS-ADA1] section 2.2, accountExpires). */
const never = new Set([0n, 0x7fffffffffffffffn]);

/**
 * An instant as `YYYY-MM-DDTHH:MM:SS.ffffffZ` in UTC; empty where it means never; `undefined` where the text is no number
 * of ticks, or one of an instant after the year 9999. The last digit, of 100 ns, is cut off.
 */
export function fromFiletime(text: string): string | undefined {
  if (!/^\d{1,19}$/.test(text)) return undefined;
  const ticks = BigInt(text);
  if (never.has(ticks)) return "";
  const micros = ticks / ticksPerMicro;
  const second = micros / microsPerSecond - unixEpoch;
  if (second > lastSecond) return undefined;
  const fraction = String(micros % microsPerSecond).padStart(6, "0");
  return `${new Date(Number(second) * 1000).toISOString().slice(0, 19)}.${fraction}Z`;
}
