// year month day hour [minute [second]] [fraction of the last of them] zone
const syntax = /^(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)?)?(?:[.,](\d+))?(?:Z|([+-])(\d\d)(\d\d)?)$/;
const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Microseconds of an hour, minute and second. */
const hourMicros = 3_600_000_000;
const minuteMicros = 60_000_000;
const secondMicros = 1_000_000;

/**
 * An instant written as generalizedTime (RFC 4517 section 3.3.13) as `YYYY-MM-DDTHH:MM:SS.ffffffZ` in UTC.
 * What is finer than a microsecond is cut off. Second 60 (a leap second) becomes second 0 of the next minute, since
 * databases know no such second. `undefined` where the text is none: no zone, a date that does not exist, an instant
 * outside the years 0000 to 9999.
 */
export function fromGeneralizedTime(text: string): string | undefined {
  const match = syntax.exec(text);
  if (match === null) return undefined;
  const [
    ,
    year = "",
    month = "",
    day = "",
    hour = "",
    minute,
    second,
    fraction,
    sign,
    zoneHour = "00",
    zoneMinute = "00",
  ] = match;
  if (!dateExists(Number(year), Number(month), Number(day))) return undefined;
  if (hour > "23" || (minute ?? "00") > "59" || (second ?? "00") > "60") return undefined;
  if (zoneHour > "23" || zoneMinute > "59") return undefined;

  const unit = second !== undefined ? secondMicros : minute !== undefined ? minuteMicros : hourMicros;
  const micros = fraction === undefined ? 0 : fractionMicros(fraction, unit);
  if (sign === undefined && second !== "60" && unit === secondMicros) {
    return `${year}-${month}-${day}T${hour}:${minute}:${second}.${sixDigits(micros)}Z`;
  }
  const offset = (sign === "-" ? -1 : 1) * (Number(zoneHour) * 60 + Number(zoneMinute));
  const instant = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 as 1900 to 1999.
  instant.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  instant.setUTCHours(
    Number(hour),
    Number(minute ?? 0) - offset,
    Number(second ?? 0) + Math.floor(micros / secondMicros),
  );
  const inUtc = instant.getUTCFullYear();
  if (inUtc < 0 || inUtc > 9999) return undefined;
  return `${instant.toISOString().slice(0, 19)}.${sixDigits(micros % secondMicros)}Z`;
}

function dateExists(year: number, month: number, day: number): boolean {
  const leapDay = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  return day >= 1 && day <= (monthDays[month - 1] ?? 0) + leapDay;
}

function fractionMicros(digits: string, unit: number): number {
  if (unit === secondMicros) return Number(digits.slice(0, 6).padEnd(6, "0"));
  // A fraction of an hour does not fit the 53 bits of a number beyond some six digits.
  const kept = digits.slice(0, 30);
  return Number((BigInt(unit) * BigInt(kept)) / 10n ** BigInt(kept.length));
}

const sixDigits = (micros: number): string => String(micros).padStart(6, "0");
