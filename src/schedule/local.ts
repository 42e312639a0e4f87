import type { Zone } from "./zone.ts";

/** Dates and times of a zone's clock, as text. */

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** `2026-11-25` of a local time. */
export const localDate = (local: number): string => new Date(local).toISOString().slice(0, 10);

/** `02:30`, or `02:30:15`. */
export function localClock(local: number): string {
  const text = new Date(local).toISOString().slice(11, 19);
  return text.endsWith(":00") ? text.slice(0, 5) : text;
}

export const localWeekday = (local: number): string => weekdays[new Date(local).getUTCDay()] ?? "";

/** `2026-11-25T02:00:00+01:00` */
export function zonedIso(instant: number, zone: Zone): string {
  const offset = zone.offsetAt(instant);
  return `${new Date(instant + offset).toISOString().slice(0, 19)}${offsetText(offset)}`;
}

function offsetText(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60_000);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
