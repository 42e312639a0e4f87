import { localTimes } from "./calendar.ts";
import { localClock, localDate } from "./local.ts";
import type { Schedule } from "./schedule.ts";
import type { Zone } from "./zone.ts";

/** A coming change of the clock that meets the schedule. */
export interface ClockChange {
  /** The first instant by the new offset. */
  readonly at: number;
  /** Of the times it meets. */
  readonly date: string;
  /** Times of the schedule that are skipped, or that come twice. */
  readonly kind: "skipped" | "doubled";
  readonly times: readonly string[];
  /** What the clock shows before and after. */
  readonly clock: { readonly from: string; readonly to: string };
  readonly behaviour: Readonly<Record<Scheduler, string>>;
}

type Scheduler = "cron" | "systemd" | "kubernetes";

interface Behaviour {
  readonly fixed: string;
  /** Where minute or hour begins with `*`. */
  readonly wildcard: string;
}

/**
 * What each does. cron: cron(8), "Special considerations exist when the clock is changed by less than 3 hours", of Debian.
 * systemd: measured with `systemd-analyze calendar --base-time` of 252, which computes the timers too (also systemd issues
 * 5595 and 8647). kubernetes: robfig/cron, whose manual says that jobs of a skipped hour do not run and whose tests
 * (spec_test.go) expect those of a repeated hour twice.
 */
const behaviours = {
  cron: {
    skipped: { fixed: "runs it right after the change", wildcard: "does not run it" },
    doubled: { fixed: "runs it once, the first time", wildcard: "runs it both times" },
  },
  systemd: {
    skipped: { fixed: "does not run it", wildcard: "does not run it" },
    doubled: { fixed: "runs it once, the first time", wildcard: "runs it once, the first time" },
  },
  kubernetes: {
    skipped: { fixed: "does not run it", wildcard: "does not run it" },
    doubled: { fixed: "runs it both times", wildcard: "runs it both times" },
  },
} as const satisfies Record<Scheduler, Record<ClockChange["kind"], Behaviour>>;

/** So far ahead is looked: further rules of time zones are guesses. */
const aheadMs = 5 * 366 * 86_400_000;
const mostTimes = 3;

/** The next changes of the clock, two unless told, that skip or repeat a time of the schedule. */
export function clockChanges(schedule: Schedule, zone: Zone, from: number, most = 2): ClockChange[] {
  const found: ClockChange[] = [];
  let at = zone.changeBetween(from, from + aheadMs);
  while (at !== undefined && found.length < most) {
    const change = changeAt(schedule, zone, at);
    if (change !== undefined) found.push(change);
    at = zone.changeBetween(at, from + aheadMs);
  }
  return found;
}

function changeAt(schedule: Schedule, zone: Zone, at: number): ClockChange | undefined {
  const before = at + zone.offsetAt(at - 1);
  const after = at + zone.offsetAt(at);
  if (keepsRhythm(schedule, after - before)) return undefined;
  const times: number[] = [];
  const [low, high] = [Math.min(before, after), Math.max(before, after)];
  for (const time of localTimes(schedule, low)) {
    if (time >= high || times.length > mostTimes) break;
    times.push(time);
  }
  const [first] = times;
  if (first === undefined) return undefined;
  const kind = after > before ? "skipped" : "doubled";
  const way = schedule.wildcard ? "wildcard" : "fixed";
  return {
    at,
    date: localDate(first),
    kind,
    times: [...times.slice(0, mostTimes).map(localClock), ...(times.length > mostTimes ? ["…"] : [])],
    clock: { from: localClock(before), to: localClock(after) },
    behaviour: {
      cron: behaviours.cron[kind][way],
      systemd: behaviours.systemd[kind][way],
      kubernetes: behaviours.kubernetes[kind][way],
    },
  };
}

/** Whether the same time passes between the runs, whatever the clock says: every hour, and the minutes too. */
function keepsRhythm({ hours, minutes }: Schedule, shift: number): boolean {
  const by = Math.round(shift / 60_000);
  return hours.length === 24 && minutes.every((minute) => minutes.includes((((minute + by) % 60) + 60) % 60));
}
