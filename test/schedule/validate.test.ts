import { describe, expect, it } from "vitest";
import type { Dialect } from "../../src/schedule/dialects.ts";
import { validateSchedule } from "../../src/schedule/validate.ts";

const from = new Date("2026-11-24T16:00:00Z");
const ask = (expression: string, timezone = "UTC", dialect?: Dialect, longestRunMs?: number) =>
  validateSchedule({ expression, dialect, timezone, from, count: 5, longestRunMs });

/** The exact words: they are what the command is for. */
const wrong: readonly (readonly [string, Dialect, readonly string[]])[] = [
  ["60 * * * *", "unix", ['minute "60": allowed are 0 to 59']],
  ["* 24 * * *", "unix", ['hour "24": allowed are 0 to 23']],
  ["* * 0 * *", "unix", ['day of month "0": allowed are 1 to 31']],
  ["* * 32 * *", "unix", ['day of month "32": allowed are 1 to 31']],
  ["* * * 0 *", "unix", ['month "0": allowed are 1 to 12 or JAN to DEC']],
  ["* * * 13 *", "unix", ['month "13": allowed are 1 to 12 or JAN to DEC']],
  ["* * * * 8", "unix", ['day of week "8": allowed are 0 to 7 (0 and 7 = SUN) or SUN to SAT']],
  ["-1 * * * *", "unix", ['minute "-1": allowed are 0 to 59']],
  ["1- * * * *", "unix", ['minute "1-": allowed are 0 to 59']],
  ["a * * * *", "unix", ['minute "a": allowed are 0 to 59']],
  ["* * * foo *", "unix", ['month "foo": allowed are 1 to 12 or JAN to DEC']],
  ["* * * january *", "unix", ['month "january": allowed are 1 to 12 or JAN to DEC; did you mean JAN?']],
  [
    "* * * * monday",
    "unix",
    ['day of week "monday": allowed are 0 to 7 (0 and 7 = SUN) or SUN to SAT; did you mean MON?'],
  ],
  ["* * * * foo", "unix", ['day of week "foo": allowed are 0 to 7 (0 and 7 = SUN) or SUN to SAT']],
  ["* jan * * *", "unix", ['hour "jan": allowed are 0 to 23']],
  ["*/0 * * * *", "unix", ['minute "*/0": the step must be a whole number from 1 up, such as */2']],
  ["*/ * * * *", "unix", ['minute "*/": the step must be a whole number from 1 up, such as */2']],
  ["*/x * * * *", "unix", ['minute "*/x": the step must be a whole number from 1 up, such as */2']],
  ["5/10 * * * *", "unix", ['minute "5/10": crontab knows a step only after * or a range; write 5-59/10']],
  ["0/5 * * * *", "unix", ['minute "0/5": crontab knows a step only after * or a range; write */5']],
  ["* 0/2 * * *", "unix", ['hour "0/2": crontab knows a step only after * or a range; write */2']],
  ["30-10 * * * *", "unix", ['minute "30-10": a range goes upwards; write 30-59,0-10']],
  ["* 22-2 * * *", "unix", ['hour "22-2": a range goes upwards; write 22-23,0-2']],
  ["* * * dec-feb *", "unix", ['month "dec-feb": a range goes upwards; write 12,1-2']],
  ["* * * * sat-mon", "unix", ['day of week "sat-mon": a range goes upwards; write 6,0-1']],
  ["* * * * 5-0", "unix", ['day of week "5-0": a range goes upwards; write 5-7']],
  ["* * * * 7-1", "unix", ['day of week "7-1": a range goes upwards; write 0-1']],
  ["1,,2 * * * *", "unix", ['minute "1,,2": a place of the list is empty']],
  [",1 * * * *", "unix", ['minute ",1": a place of the list is empty']],
  ["1, * * * *", "unix", ['minute "1,": a place of the list is empty']],
  ["1-2-3 * * * *", "unix", ['minute "1-2-3": a range has two ends, such as 1-5']],
  ["1/2/3 * * * *", "unix", ['minute "1/2/3": it has two steps']],
  ["*-5 * * * *", "unix", ['minute "*-5": allowed are 0 to 59']],
  ["** * * * *", "unix", ['minute "**": allowed are 0 to 59']],
  ["1.5 * * * *", "unix", ['minute "1.5": allowed are 0 to 59']],
  ["* * ? * *", "unix", ['day of month "?": crontab knows no ?; write *']],
  ["* * * * ?", "unix", ['day of week "?": crontab knows no ?; write *']],
  ["? * * * *", "unix", ['minute "?": ? is for the two day fields; write *']],
  ["* * L * *", "unix", ['day of month "L": crontab knows no L, W and #; Quartz and Spring do']],
  ["* * LW * *", "unix", ['day of month "LW": crontab knows no L, W and #; Quartz and Spring do']],
  ["* * 15W * *", "unix", ['day of month "15W": crontab knows no L, W and #; Quartz and Spring do']],
  ["* * * * 5L", "unix", ['day of week "5L": crontab knows no L, W and #; Quartz and Spring do']],
  ["* * * * 5#2", "unix", ['day of week "5#2": crontab knows no L, W and #; Quartz and Spring do']],
  ["* * * *", "unix", ["4 fields, but crontab has 5: minute, hour, day of month, month, day of week"]],
  ["* * *", "unix", ["3 fields, but crontab has 5: minute, hour, day of month, month, day of week"]],
  ["*", "unix", ["1 field, but crontab has 5: minute, hour, day of month, month, day of week"]],
  ["* * * * * *", "unix", ["6 fields, but crontab has 5: minute, hour, day of month, month, day of week"]],
  ["0 2 * * * *", "unix", ["6 fields, but crontab has 5: minute, hour, day of month, month, day of week"]],
  ["* * * * * * *", "unix", ["7 fields, but crontab has 5: minute, hour, day of month, month, day of week"]],
  [
    "@Daily",
    "unix",
    [
      '"@Daily" is not one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @reboot; did you mean @daily?',
    ],
  ],
  [
    "@dayly",
    "unix",
    [
      '"@dayly" is not one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @reboot; did you mean @daily?',
    ],
  ],
  [
    "@every",
    "unix",
    ['"@every" is not one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @reboot'],
  ],
  ["@", "unix", ['"@" is not one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @reboot']],
  [
    "@reboot now",
    "unix",
    ['"@reboot now" is not one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly, @reboot'],
  ],
  ["H * * * *", "unix", ['minute "H": allowed are 0 to 59']],
  ["0 2 * * * /bin/true", "unix", ["6 fields, but crontab has 5: minute, hour, day of month, month, day of week"]],
  ["", "unix", ["the expression is empty"]],
  ["0\u00a02 * * *", "unix", ["there is a line break or a no-break space in it; fields are parted by blanks"]],
  ["60 0 2 * * ?", "quartz", ['second "60": allowed are 0 to 59']],
  ["0 0 2 ? * 8", "quartz", ['day of week "8": allowed are 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT']],
  [
    "0 0 2 ? * FOO",
    "quartz",
    ['day of week "FOO": allowed are 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT, DAY#1 to DAY#5, DAYL'],
  ],
  [
    "0 0 2 ? * MONDAY",
    "quartz",
    ['day of week "MONDAY": allowed are 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT; did you mean MON?'],
  ],
  ["0 0 2 ? FOO *", "quartz", ['month "FOO": allowed are 1 to 12 or JAN to DEC']],
  ["x 0 2 * * ?", "quartz", ['second "x": allowed are 0 to 59']],
  ["0 0/0 2 * * ?", "quartz", ['minute "0/0": the step must be a whole number from 1 up, such as 0/2']],
  ["0 , * * * ?", "quartz", ['minute ",": a place of the list is empty']],
  ["0 0 2 L-0 * ?", "quartz", ['day of month "L-0": allowed are L-1 to L-30']],
  ["0 0 2 L-31 * ?", "quartz", ['day of month "L-31": allowed are L-1 to L-30']],
  ["0 0 2 0W * ?", "quartz", ['day of month "0W": allowed are 1W to 31W']],
  ["0 0 2 32W * ?", "quartz", ['day of month "32W": allowed are 1W to 31W']],
  ["0 0 2 W * ?", "quartz", ['day of month "W": allowed are 1 to 31, L, L-1 to L-30, LW, L-1W to L-30W, 1W to 31W']],
  ["0 0 2 WL * ?", "quartz", ['day of month "WL": allowed are 1 to 31, L, L-1 to L-30, LW, L-1W to L-30W, 1W to 31W']],
  [
    "0 0 2 L15 * ?",
    "quartz",
    ['day of month "L15": allowed are 1 to 31, L, L-1 to L-30, LW, L-1W to L-30W, 1W to 31W'],
  ],
  [
    "0 0 2 1-5W * ?",
    "quartz",
    ['day of month "1-5W": allowed are 1 to 31, L, L-1 to L-30, LW, L-1W to L-30W, 1W to 31W'],
  ],
  [
    "0 0 2 ? * 6#0",
    "quartz",
    ['day of week "6#0": allowed are DAY#1 to DAY#5, DAY being 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT'],
  ],
  [
    "0 0 2 ? * 6#6",
    "quartz",
    ['day of week "6#6": allowed are DAY#1 to DAY#5, DAY being 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT'],
  ],
  [
    "0 0 2 ? * 8#1",
    "quartz",
    ['day of week "8#1": allowed are DAY#1 to DAY#5, DAY being 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT'],
  ],
  ["0 0 2 ? * 8L", "quartz", ['day of week "8L": allowed are DAYL, DAY being 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT']],
  [
    "0 0 2 ? * FOO#1",
    "quartz",
    ['day of week "FOO#1": allowed are DAY#1 to DAY#5, DAY being 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT'],
  ],
  [
    "0 0 2 ? * L-1",
    "quartz",
    ['day of week "L-1": allowed are 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT, DAY#1 to DAY#5, DAYL'],
  ],
  [
    "0 0 2 ? * #",
    "quartz",
    ['day of week "#": allowed are 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT, DAY#1 to DAY#5, DAYL'],
  ],
  ["0 0 2 ? L *", "quartz", ['month "L": allowed are 1 to 12 or JAN to DEC']],
  ["0 0 L * * ?", "quartz", ['hour "L": allowed are 0 to 23']],
  ["? 0 2 * * *", "quartz", ['second "?": ? is for the two day fields; write *']],
  ["0 0 ? * * *", "quartz", ['hour "?": ? is for the two day fields; write *']],
  ["0 0 2 * ? *", "quartz", ['month "?": ? is for the two day fields; write *']],
  [
    "0 0 2 * *",
    "quartz",
    ["5 fields, but Quartz has 6 or 7: second, minute, hour, day of month, month, day of week, [year]"],
  ],
  [
    "0 0 2",
    "quartz",
    ["3 fields, but Quartz has 6 or 7: second, minute, hour, day of month, month, day of week, [year]"],
  ],
  ["@reboot", "quartz", ['"@reboot": Quartz has no names for schedules; write the fields']],
  [
    "0 0 2 * * *",
    "quartz",
    ['day of month "*" and day of week "*": Quartz takes ? in exactly one of them; write ? as the day of week'],
  ],
  [
    "0 0 2 ? * ?",
    "quartz",
    ["day of month and day of week are both ?: Quartz takes ? in exactly one of them; write * in the other"],
  ],
  [
    "0 0 2 1 * 2",
    "quartz",
    ['day of month "1" and day of week "2": Quartz takes ? in exactly one of them, and cannot restrict both'],
  ],
  [
    "0 0 2 1 * *",
    "quartz",
    ['day of month "1" and day of week "*": Quartz takes ? in exactly one of them; write ? as the day of week'],
  ],
  [
    "0 0 2 * * 2",
    "quartz",
    ['day of month "*" and day of week "2": Quartz takes ? in exactly one of them; write ? as the day of month'],
  ],
  ["0 0 2 ? * 0", "quartz", ['day of week "0": allowed are 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT']],
  ["0 0 2 ? * 0-5", "quartz", ['day of week "0-5": allowed are 1 to 7 (1 = SUN, 7 = SAT) or SUN to SAT']],
  ["0 0 2 1,L * ?", "quartz", ['day of month "1,L": Quartz takes L alone, not in a list']],
  ["0 0 2 1,15W * ?", "quartz", ['day of month "1,15W": Quartz takes 15W alone, not in a list']],
  ["0 0 2 ? * MON#1,FRI#3", "quartz", ['day of week "MON#1,FRI#3": Quartz takes MON#1 alone, not in a list']],
  ["0 0 2 ? * MON,FRIL", "quartz", ['day of week "MON,FRIL": Quartz takes FRIL alone, not in a list']],
  ["0 */60 * * * ?", "quartz", ['minute "*/60": the step is larger than the field; allowed are 1 to 59']],
  ["0 0 */24 * * ?", "quartz", ['hour "*/24": the step is larger than the field; allowed are 1 to 23']],
  ["0 0 0 1/32 * ?", "quartz", ['day of month "1/32": the step is larger than the field; allowed are 1 to 31']],
  ["0 0 2 * * ? 1969", "quartz", ['year "1969": allowed are 1970 to 2099']],
  ["0 0 2 * * ? 2100", "quartz", ['year "2100": allowed are 1970 to 2099']],
  ["0 0 2 * * ? 2030-2028", "quartz", ['year "2030-2028": a range goes upwards; write 2028-2030']],
  [
    "0 0 2 * * ? 2027 x",
    "quartz",
    ["8 fields, but Quartz has 6 or 7: second, minute, hour, day of month, month, day of week, [year]"],
  ],
  ["@daily", "quartz", ['"@daily": Quartz has no names for schedules; write the fields']],
  [
    "0 0 2 ? * FOO",
    "spring",
    ['day of week "FOO": allowed are 0 to 7 (0 and 7 = SUN) or SUN to SAT, DAY#1 to DAY#5, DAYL'],
  ],
  [
    "0 0 2 ? * MONDAY",
    "spring",
    ['day of week "MONDAY": allowed are 0 to 7 (0 and 7 = SUN) or SUN to SAT; did you mean MON?'],
  ],
  ["0 0 2 W * ?", "spring", ['day of month "W": allowed are 1 to 31, L, L-1 to L-30, LW, 1W to 31W']],
  ["0 0 2 WL * ?", "spring", ['day of month "WL": allowed are 1 to 31, L, L-1 to L-30, LW, 1W to 31W']],
  ["0 0 2 L15 * ?", "spring", ['day of month "L15": allowed are 1 to 31, L, L-1 to L-30, LW, 1W to 31W']],
  ["0 0 2 1-5W * ?", "spring", ['day of month "1-5W": allowed are 1 to 31, L, L-1 to L-30, LW, 1W to 31W']],
  [
    "0 0 2 ? * 6#0",
    "spring",
    ['day of week "6#0": allowed are DAY#1 to DAY#5, DAY being 0 to 7 (0 and 7 = SUN) or SUN to SAT'],
  ],
  [
    "0 0 2 ? * 6#6",
    "spring",
    ['day of week "6#6": allowed are DAY#1 to DAY#5, DAY being 0 to 7 (0 and 7 = SUN) or SUN to SAT'],
  ],
  [
    "0 0 2 ? * 8#1",
    "spring",
    ['day of week "8#1": allowed are DAY#1 to DAY#5, DAY being 0 to 7 (0 and 7 = SUN) or SUN to SAT'],
  ],
  ["0 0 2 ? * 8L", "spring", ['day of week "8L": allowed are DAYL, DAY being 0 to 7 (0 and 7 = SUN) or SUN to SAT']],
  [
    "0 0 2 ? * FOO#1",
    "spring",
    ['day of week "FOO#1": allowed are DAY#1 to DAY#5, DAY being 0 to 7 (0 and 7 = SUN) or SUN to SAT'],
  ],
  [
    "0 0 2 ? * L-1",
    "spring",
    ['day of week "L-1": allowed are 0 to 7 (0 and 7 = SUN) or SUN to SAT, DAY#1 to DAY#5, DAYL'],
  ],
  [
    "0 0 2 ? * #",
    "spring",
    ['day of week "#": allowed are 0 to 7 (0 and 7 = SUN) or SUN to SAT, DAY#1 to DAY#5, DAYL'],
  ],
  ["0 0 2 * *", "spring", ["5 fields, but Spring has 6: second, minute, hour, day of month, month, day of week"]],
  ["0 0 2", "spring", ["3 fields, but Spring has 6: second, minute, hour, day of month, month, day of week"]],
  ["@reboot", "spring", ['"@reboot" is not one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly']],
  ["0 50-10 * * * *", "spring", ['minute "50-10": a range goes upwards; write 50-59,0-10']],
  ["0 0 0 * NOV-FEB *", "spring", ['month "NOV-FEB": a range goes upwards; write 11-12,1-2']],
  ["0 0 0 * * FRI-MON", "spring", ['day of week "FRI-MON": a range goes upwards; write 5-6,0-1']],
  ["0 0 0 L-3W * *", "spring", ['day of month "L-3W": allowed are 1 to 31, L, L-1 to L-30, LW, 1W to 31W']],
  [
    "0 0 0 ? * L",
    "spring",
    ['day of week "L": allowed are 0 to 7 (0 and 7 = SUN) or SUN to SAT, DAY#1 to DAY#5, DAYL'],
  ],
  ["0 /10 * * * *", "spring", ['minute "/10": allowed are 0 to 59']],
  [
    "0 0 0 * * * 2027",
    "spring",
    ["7 fields, but Spring has 6: second, minute, hour, day of month, month, day of week"],
  ],
  ["@every", "spring", ['"@every" is not one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly']],
];

it.each(wrong)("says what is wrong with %j (%s)", (expression, dialect, errors) => {
  const { valid, next, errors: told } = ask(expression, "UTC", dialect);
  expect({ valid, next, errors: told }).toEqual({ valid: false, next: [], errors });
});

it("tells every field that is wrong", () => {
  expect(ask("60 24 0 13 8").errors).toEqual([
    'minute "60": allowed are 0 to 59',
    'hour "24": allowed are 0 to 23',
    'day of month "0": allowed are 1 to 31',
    'month "13": allowed are 1 to 12 or JAN to DEC',
    'day of week "8": allowed are 0 to 7 (0 and 7 = SUN) or SUN to SAT',
  ]);
});

it.each([
  [
    "0 2 * * * /usr/bin/idm sync",
    '"0 2 * * * /usr/bin/idm sync" goes on after its schedule: give "0 2 * * *", without user and command',
  ],
  [
    "0 2 * * * root idm-ldap-sync sync",
    '"0 2 * * * root idm-ldap-sync sync" goes on after its schedule: give "0 2 * * *", without user and command',
  ],
])("knows a whole line of a crontab: %s", (line, error) => {
  expect(ask(line).errors).toEqual([error]);
});

it("shows what cannot be seen in an expression", () => {
  expect(ask("0 2 * * \u001b[31m").errors[0]).toContain('day of week "\\u{1b}[31m"');
});

it.each([
  ["0 0 30 2 *", "UTC", undefined, "never fires: February has no day 30"],
  ["0 0 31 2,4 *", "UTC", undefined, "never fires: February has no day 31, April has no day 31"],
  ["0 0 0 31 4 ?", "UTC", undefined, "never fires: April has no day 31"],
  ["0 0 0 * * ? 2020", "UTC", undefined, "never fires again: the year 2020 is over"],
  ["0 0 0 1 1 ? 2026", "UTC", undefined, "never fires again: no date from now on meets all fields and the year"],
  ["0 0 0 8-31 * MON#1", "UTC", "spring", "never fires: no date meets the day of month, the month and the day of week"],
  [
    "0 30 2 28 3 ? 2027",
    "Europe/Stockholm",
    undefined,
    "never fires: every time that it names is skipped by a change of the clock",
  ],
  [
    "0 0 2 ? 3 SUNL",
    "Europe/Stockholm",
    undefined,
    "never fires: every time that it names is skipped by a change of the clock",
  ],
] as const)("says why %s (%s) never fires", (expression, zone, dialect, error) => {
  const { valid, errors, next } = ask(expression, zone, dialect);
  expect({ valid, errors, next }).toEqual({ valid: false, errors: [error], next: [] });
});

it.each([
  ["PST", 'time zone "PST": there is no such IANA name (such as Europe/Stockholm or UTC)'],
  ["Europe/Stokholm", 'time zone "Europe/Stokholm": there is no such IANA name (did you mean Europe/Stockholm?)'],
  ["europe/stockholm", 'time zone "europe/stockholm": there is no such IANA name (did you mean Europe/Stockholm?)'],
  ["+02:00", 'time zone "+02:00": there is no such IANA name (such as Europe/Stockholm or UTC)'],
  ["", 'time zone "": there is no such IANA name (such as Europe/Stockholm or UTC)'],
])("refuses the time zone %j", (zone, error) => {
  const { valid, errors } = ask("0 2 * * *", zone);
  expect({ valid, errors }).toEqual({ valid: false, errors: [error] });
});

it.each([
  "UTC",
  "Etc/UTC",
  "Asia/Kolkata",
  "Asia/Calcutta",
  "US/Eastern",
  "CET",
  "Etc/GMT+1",
  "America/Argentina/Buenos_Aires",
])("takes the time zone %s", (zone) => {
  expect(ask("0 2 * * *", zone)).toMatchObject({ valid: true, timezone: zone });
});

describe("in words", () => {
  it.each([
    ["0 2 * * *", "unix", "at 02:00 every day"],
    ["0 2,14 * * 1-5", "unix", "at 02:00 and 14:00 on Monday to Friday"],
    ["*/5 * * * *", "unix", "every 5 minutes"],
    ["* * * * *", "unix", "every minute"],
    ["*/15 8-17 * * 1-5", "unix", "every 15 minutes of hours 8 to 17 on Monday to Friday"],
    ["*/7 * * * *", "unix", "at every 7th minute from 0 to 56 of every hour"],
    ["0 */2 * * *", "unix", "at minute 0 of every 2nd hour from 0 to 22"],
    ["15 * * * *", "unix", "at minute 15 of every hour"],
    ["0 0 1 1 *", "unix", "at 00:00 on day 1 of the month in January"],
    ["0 0 13 * 5", "unix", "at 00:00 on day 13 of the month or on Friday"],
    ["0 0 */2 * 5", "unix", "at 00:00 on Friday, but only on every 2nd day from 1 to 31 of the month"],
    ["0 0 1-31 * 1", "unix", "at 00:00 every day"],
    [
      "1-5,10 0,12 * jan-mar mon,wed,fri",
      "unix",
      "at minutes 1 to 5 and 10 of hours 0 and 12 on Monday, Wednesday and Friday in January to March",
    ],
    ["0 9 * * sat,sun", "unix", "at 09:00 on Saturday and Sunday"],
    ["* 2 * * *", "unix", "every minute of hour 2"],
    ["@weekly", "unix", "at 00:00 on Sunday"],
    ["@reboot", "unix", "once when the system starts, never by the clock"],
    ["0 0 2 ? * 2-6", "quartz", "at 02:00 on Monday to Friday"],
    ["0 0 2 ? * 2-6", "spring", "at 02:00 on Tuesday to Saturday"],
    ["0 0 2 L * ?", "quartz", "at 02:00 on the last day of the month"],
    ["0 0 2 L-1 * ?", "quartz", "at 02:00 on the day before the last of the month"],
    ["0 0 2 L-3 * ?", "quartz", "at 02:00 on the day 3 days before the last of the month"],
    ["0 0 2 LW * ?", "quartz", "at 02:00 on the last weekday (Monday to Friday) of the month"],
    [
      "0 0 2 L-3W * ?",
      "quartz",
      "at 02:00 on the weekday (Monday to Friday) nearest to the day 3 days before the last of the month",
    ],
    ["0 0 2 15W * ?", "quartz", "at 02:00 on the weekday (Monday to Friday) nearest to day 15 of the month"],
    ["0 0 2 ? * 6#3", "quartz", "at 02:00 on the third Friday of the month"],
    ["0 0 2 ? * 6L", "quartz", "at 02:00 on the last Friday of the month"],
    ["0 0 2 ? * L", "quartz", "at 02:00 on Saturday"],
    ["0 0/5 * * * ?", "quartz", "every 5 minutes"],
    ["30 0 2 * * ?", "quartz", "at 02:00:30 every day"],
    ["*/10 * * * * ?", "quartz", "every 10 seconds"],
    ["0,30 0/20 * * * ?", "quartz", "every 30 seconds of minutes 0, 20 and 40 of every hour"],
    ["* * 3 * * ?", "quartz", "every second of hour 3"],
    ["0 0 2 * * ? 2027-2029", "quartz", "at 02:00 every day in 2027 to 2029"],
    ["0 0 2 29 2 MON", "spring", "at 02:00 on Monday, but only on day 29 of the month, in February"],
    ["0 0 2 1,L * *", "spring", "at 02:00 on day 1 of the month or on the last day of the month"],
    [
      "0 0 2 * * MON#1,FRI#3",
      "spring",
      "at 02:00 on the first Monday of the month or on the third Friday of the month",
    ],
    ["0 0 0 25 DEC ?", "spring", "at 00:00 on day 25 of the month in December"],
  ] as const)("%s (%s) is: %s", (expression, dialect, words) => {
    expect(ask(expression, "UTC", dialect).description).toBe(words);
  });
});

describe("which dialect", () => {
  it.each([
    ["0 2 * * *", "unix"],
    ["@daily", "unix"],
    ["0 0 2 * * *", "spring"],
    ["0 0 2 * * ?", "quartz"],
    ["0 0 2 * * ? 2027", "quartz"],
    ["0 0 2 ? * 0", "spring"],
    ["0 0 2 ? * ?", "spring"],
    ["0 0 2 L-3W * ?", "quartz"],
    ["0 25 * * *", "unix"],
    ["0 0 25 * * ?", "quartz"],
  ])("of %s is told to be %s", (expression, dialect) => {
    expect(ask(expression).dialect).toBe(dialect);
  });

  it("is said to matter where two read an expression differently, and both readings are shown", () => {
    const { readings, warnings, dialect } = ask("0 0 2 ? * 2-6");
    expect({ dialect, readings, warnings }).toEqual({
      dialect: "quartz",
      readings: [
        { dialect: "quartz", description: "at 02:00 on Monday to Friday", next: days("25", "26", "27", "30") },
        { dialect: "spring", description: "at 02:00 on Tuesday to Saturday", next: days("25", "26", "27", "28") },
      ],
      warnings: ["read as Quartz; Spring reads it as: at 02:00 on Tuesday to Saturday (say which with --dialect)"],
    });
    function days(...of: string[]): Date[] {
      const last = of.at(-1) === "30" ? "2026-12-01" : "2026-12-01";
      return [...of.map((day) => `2026-11-${day}`), last].map((day) => new Date(`${day}T02:00:00Z`));
    }
  });

  it("is not in question where it is given, or where both read the same", () => {
    expect(ask("0 0 2 ? * 2-6", "UTC", "spring")).toMatchObject({ dialect: "spring", readings: [], warnings: [] });
    expect(ask("0 0 2 ? * MON-FRI")).toMatchObject({ dialect: "quartz", readings: [], warnings: [] });
  });
});

describe("warnings", () => {
  it.each([
    [
      "0 0 13 * 5",
      undefined,
      [
        "day of month and day of week are both set: crontab fires on days that meet either, not only on those that meet both",
      ],
    ],
    [
      "0 0 */2 * 5",
      undefined,
      [
        "day of month and day of week are both set, and one begins with *: Debian's cron fires only on days that meet both; Kubernetes fires on either",
      ],
    ],
    [
      "0 0 0 13 * FRI",
      undefined,
      [
        "day of month and day of week are both set: Spring fires only on days that meet both; crontab would fire on either",
      ],
    ],
    [
      "*/7 * * * *",
      undefined,
      ["every 7 minutes begins anew with each hour: from :56 to the next :00 it is 4 minutes"],
    ],
    ["0 */5 * * *", undefined, ["every 5 hours begins anew with each day: from 20 h to the next 00 h it is 4 hours"]],
    ["*/15 * * * *", undefined, []],
    ["0,40 * * * *", undefined, []],
    ["*/7 9 * * *", undefined, []],
    ["0 9 * * 1", undefined, []],
    [
      "*/5 * * * *",
      720_000,
      ["fires again after 5 min 0 s, and a run has taken 12 min 0 s: the second one would find the first at work"],
    ],
    ["0,55 9 * * *", 720_000, []],
    [
      "0 9,10 * * *",
      3_700_000,
      ["fires again after 60 min 0 s, and a run has taken 61 min 40 s: the second one would find the first at work"],
    ],
    ["*/5 * * * *", 60_000, []],
    ["@reboot", undefined, ["@reboot has no time: it runs when cron starts, so there is no next time"]],
  ] as const)("of %s, where the longest run took %s ms", (expression, longestRunMs, warnings) => {
    expect(ask(expression, "UTC", undefined, longestRunMs).warnings).toEqual(warnings);
  });
});

describe("changes of the clock", () => {
  const cron = { skipped: "runs it right after the change", doubled: "runs it once, the first time" };
  const systemd = { skipped: "does not run it", doubled: "runs it once, the first time" };
  const kubernetes = { skipped: "does not run it", doubled: "runs it both times" };

  it("are told for the coming two dates that a time of the schedule meets, with what each scheduler does there", () => {
    const { changes, warnings } = ask("30 2 * * *", "Europe/Stockholm");
    expect(changes).toEqual([
      {
        at: Date.parse("2027-03-28T01:00:00Z"),
        date: "2027-03-28",
        kind: "skipped",
        times: ["02:30"],
        clock: { from: "02:00", to: "03:00" },
        behaviour: { cron: cron.skipped, systemd: systemd.skipped, kubernetes: kubernetes.skipped },
      },
      {
        at: Date.parse("2027-10-31T01:00:00Z"),
        date: "2027-10-31",
        kind: "doubled",
        times: ["02:30"],
        clock: { from: "03:00", to: "02:00" },
        behaviour: { cron: cron.doubled, systemd: systemd.doubled, kubernetes: kubernetes.doubled },
      },
    ]);
    expect(warnings).toEqual([
      "02:30 does not exist on Sun 2027-03-28 in Europe/Stockholm (at 2027-03-28T01:00:00Z the clock goes from 02:00 to 03:00)",
      "02:30 comes twice on Sun 2027-10-31 in Europe/Stockholm (at 2027-10-31T01:00:00Z the clock goes from 03:00 to 02:00)",
    ]);
  });

  const met = (expression: string, zone: string) =>
    ask(expression, zone).changes.map(({ date, kind, times, behaviour }) => [
      date,
      kind,
      times.join(" "),
      behaviour.cron,
    ]);

  it.each([
    [
      "30 1 * * *",
      "America/New_York",
      [
        ["2027-11-07", "doubled", "01:30", cron.doubled],
        ["2028-11-05", "doubled", "01:30", cron.doubled],
      ],
    ],
    [
      "30 2 * * *",
      "America/New_York",
      [
        ["2027-03-14", "skipped", "02:30", cron.skipped],
        ["2028-03-12", "skipped", "02:30", cron.skipped],
      ],
    ],
    [
      "45 1 * * *",
      "Australia/Lord_Howe",
      [
        ["2027-04-04", "doubled", "01:45", cron.doubled],
        ["2028-04-02", "doubled", "01:45", cron.doubled],
      ],
    ],
    [
      "15 * * * *",
      "Australia/Lord_Howe",
      [
        ["2027-10-03", "skipped", "02:15", "does not run it"],
        ["2028-10-01", "skipped", "02:15", "does not run it"],
      ],
    ],
    [
      "*/10 2 * * 0",
      "Europe/Stockholm",
      [
        ["2027-03-28", "skipped", "02:00 02:10 02:20 …", "does not run it"],
        ["2027-10-31", "doubled", "02:00 02:10 02:20 …", "runs it both times"],
      ],
    ],
    [
      "0 */2 * * *",
      "Europe/Stockholm",
      [
        ["2027-03-28", "skipped", "02:00", "does not run it"],
        ["2027-10-31", "doubled", "02:00", "runs it both times"],
      ],
    ],
    ["0 * * * *", "Europe/Stockholm", []],
    ["*/30 * * * *", "Australia/Lord_Howe", []],
    ["30 2 * * 1", "Europe/Stockholm", []],
    ["0 3 * * *", "Europe/Stockholm", []],
    ["30 2 * * *", "Asia/Kolkata", []],
    ["30 2 * * *", "UTC", []],
  ])("%s in %s", (expression, zone, changes) => {
    expect(met(expression, zone)).toEqual(changes);
  });
});
