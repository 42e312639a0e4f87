import { cycleMs, localTimes } from "./calendar.ts";
import type { Schedule } from "./schedule.ts";
import type { Zone } from "./zone.ts";

/**
 * The instants after `from` at which the clock on the wall of a zone shows a time of the schedule. A local time that a
 * change of the clock skips is none, one that it repeats is two: how each scheduler departs from that is in daylight.ts.
 */
export function* fireTimes(schedule: Schedule, zone: Zone, from: number): Generator<number, void> {
  // A time that is skipped each year has no end otherwise: 02:00 on the last Sunday of March in Europe.
  const end = from + cycleMs;
  let start: number | undefined = from + 1;
  while (start !== undefined && start < end) start = yield* untilChange(schedule, zone, start);
}

/** Samoa skipped a day in 2011, and no zone has moved by more. */
const longestShift = 2 * 86_400_000;

/** Those up to the next change of the zone's offset, which is given back; undefined where there are no more. */
function* untilChange(schedule: Schedule, zone: Zone, start: number): Generator<number, number | undefined> {
  const offset = zone.offsetAt(start);
  let before = start;
  for (const local of localTimes(schedule, start + offset)) {
    const instant = local - offset;
    // Far ahead, all changes of the clock on the way are passed over, for none of them brings a local time back from
    // before here, once it is clear that none is near.
    if (instant - before > 4 * longestShift && zone.changeBetween(before, before + longestShift) === undefined)
      return instant - 2 * longestShift;
    const change = zone.changeBetween(before, instant);
    if (change !== undefined) return change;
    yield instant;
    before = instant;
  }
  // The calendar has no more, but the last of it may be in an hour that comes again.
  return zone.changeBetween(before, before + longestShift);
}

/** The first so many of them. */
export function nextTimes(schedule: Schedule, zone: Zone, from: number, count: number): number[] {
  const times: number[] = [];
  for (const time of fireTimes(schedule, zone, from)) {
    if (times.push(time) >= count) break;
  }
  return times;
}
