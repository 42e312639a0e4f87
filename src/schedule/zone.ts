import { Failure } from "../errors.ts";
import { printable } from "../mapping/printable.ts";
import { nearest } from "../nearest.ts";

/** A time zone, by the rules that Node.js carries (ICU). */
export interface Zone {
  /** As it was written. */
  readonly name: string;
  /** Local time minus UTC, in milliseconds. */
  offsetAt(instant: number): number;
  /** The first instant after `from` and up to `to` at which the offset is another; undefined where it stays. */
  changeBetween(from: number, to: number): number | undefined;
}

/** Those of the IANA names that look like the abbreviations which ICU takes too (`IST` is India there, Israel elsewhere). */
const shortNames = ["CET", "EET", "EST", "GMT", "HST", "MET", "MST", "PRC", "ROC", "ROK", "UCT", "UTC", "WET"];

/** No zone has two changes of its offset within a week that undo each other. */
const stepMs = 7 * 86_400_000;

/** @throws Failure(usage) where there is no such zone */
export function openZone(name: string): Zone {
  const format = formatOf(name);
  const offsetAt = (instant: number): number => offsetIn(format.format(instant));
  return {
    name,
    offsetAt,
    changeBetween: (from, to) => {
      const before = offsetAt(from);
      for (let low = from; low < to; low += stepMs) {
        const high = Math.min(low + stepMs, to);
        if (offsetAt(high) !== before) return firstOther(offsetAt, before, low, high);
      }
      return undefined;
    },
  };
}

function formatOf(name: string): Intl.DateTimeFormat {
  const known = Intl.supportedValuesOf("timeZone");
  const otherwise = known.find((zone) => zone !== name && zone.toLowerCase() === name.toLowerCase());
  const abbreviated = /^[A-Z]{3}$/.test(name) && !shortNames.includes(name);
  try {
    // systemd and Kubernetes tell upper from lower case.
    if (otherwise === undefined && !abbreviated && /^[A-Z]/.test(name))
      return new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  } catch {}
  const meant = otherwise ?? (abbreviated ? undefined : nearest(name, known));
  throw new Failure("usage", `time zone "${printable(name)}": there is no such IANA name`, {
    hint: meant === undefined ? "such as Europe/Stockholm or UTC" : `did you mean ${meant}?`,
  });
}

/** `1/1/1970, GMT+05:30`; nothing after GMT, or seconds too, in zones of the past. */
function offsetIn(text: string): number {
  const [, sign = "+", hours = "0", minutes = "0", seconds = "0"] =
    /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  return (sign === "-" ? -1000 : 1000) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds));
}

function firstOther(offsetAt: (instant: number) => number, before: number, low: number, high: number): number {
  let [same, other] = [low, high];
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offsetAt(middle) === before) same = middle;
    else other = middle;
  }
  return other;
}
