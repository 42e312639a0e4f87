import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Dialect } from "../../src/schedule/dialects.ts";
import { type Job, type Target, targets } from "../../src/schedule/emit/emit.ts";
import { fiveFields } from "../../src/schedule/emit/five-fields.ts";
import { onCalendar } from "../../src/schedule/emit/on-calendar.ts";
import { nextTimes } from "../../src/schedule/fire-times.ts";
import { readExpression, type Schedule } from "../../src/schedule/schedule.ts";
import { openZone } from "../../src/schedule/zone.ts";
import { outcomeOf, run } from "../servers/command.ts";
import { instanceFolder } from "../servers/folder.ts";
import { table } from "./table.ts";

function scheduleOf(expression: string, dialect: Dialect): Schedule {
  const { schedule, errors } = readExpression(expression, dialect);
  if (schedule === undefined || schedule === "reboot") throw new Error(`${expression}: ${errors.join("; ")}`);
  return schedule;
}

const job = (changes: Partial<Job> = {}): Job => ({
  schedule: scheduleOf("0 2 * * 1-5", "unix"),
  crontab: "0 2 * * 1-5",
  description: "at 02:00 on Monday to Friday",
  timezone: "Europe/Stockholm",
  systemTimezone: "Europe/Stockholm",
  name: "staff",
  node: "/usr/bin/node",
  program: "/opt/idm-ldap-sync/bin/idm-ldap-sync.js",
  config: "/etc/idm/.syncrc.json",
  version: "1.2.3",
  variables: [],
  secretFiles: [],
  writable: [],
  ...changes,
});

function textOf(target: Target, changes: Partial<Job> = {}): string {
  const emitted = targets[target](job(changes));
  if ("refused" in emitted) throw new Error(emitted.refused.join("; "));
  return emitted.text;
}

const refusals = (target: Target, expression: string, dialect: Dialect): readonly string[] => {
  const emitted = targets[target](job({ schedule: scheduleOf(expression, dialect), crontab: undefined }));
  return "refused" in emitted ? emitted.refused : [];
};

const dialectNames = ["unix", "quartz", "spring"] as const;
const everything = dialectNames.flatMap((dialect) =>
  table[dialect].fires.map((expression) => ({ dialect, expression })),
);
const from = Date.parse("2026-11-24T16:00:00Z");
const iso = (times: readonly number[]): string[] => times.map((time) => new Date(time).toISOString());

describe("crontab", () => {
  it("is a line to install, after what is to be known", () => {
    expect(textOf("crontab", { variables: ["LDAP_PASSWORD", "DB_PASSWORD"] })).toBe(`\
# idm-ldap-sync, staff: at 02:00 on Monday to Friday
# Put these lines into the crontab of a user who may read the configuration: crontab -e
# The times are of Europe/Stockholm. Debian's cron knows the system's time zone alone, and no CRON_TZ (this one has Europe/Stockholm too):
# sudo timedatectl set-timezone Europe/Stockholm && sudo systemctl restart cron; or take --emit systemd.
# flock is not needed: a run that finds another one of the same sync at work ends at once (exit code 5).
# cron mails what is written to the user, or to MAILTO; with --quiet that is nothing unless something is wrong.
# MAILTO=idm-admins@example.com
# To append it to a file instead, put at the end of the line: >>/var/log/idm-ldap-sync.log 2>&1
# The configuration reads LDAP_PASSWORD, DB_PASSWORD from the environment, and cron's is empty: set
# LDAP_PASSWORD=…
# DB_PASSWORD=…
# above the line, or keep each secret in a file of mode 600 and name it: { "file": "PATH" }.
0 2 * * 1-5 /usr/bin/node /opt/idm-ldap-sync/bin/idm-ldap-sync.js sync --quiet --config /etc/idm/.syncrc.json
`);
  });

  it("quotes paths for the shell, and keeps cron from ending the command at %", () => {
    const line = textOf("crontab", { config: "/etc/it's 100%/.syncrc.json" }).trim().split("\n").at(-1);
    expect(line).toContain(`--config '/etc/it'\\''s 100\\%/.syncrc.json'`);
  });

  it("means in its five fields what the expression meant in its own dialect", () => {
    let compared = 0;
    for (const { expression, dialect } of everything) {
      const schedule = scheduleOf(expression, dialect);
      const fields = fiveFields(schedule, "crontab");
      if ("refused" in fields) continue;
      const again = scheduleOf(fields.text, "unix");
      const times = (of: Schedule) => iso(nextTimes(of, openZone("UTC"), from, 30));
      expect({ expression, fields: fields.text, times: times(again) }).toEqual({
        expression,
        fields: fields.text,
        times: times(schedule),
      });
      compared += 1;
    }
    expect(compared).toBeGreaterThan(200);
  });

  it.each([
    ["0 0 2 ? * 2-6", "quartz", "0 2 * * 1-5"],
    ["0 0 2 ? * 2-6", "spring", "0 2 * * 2-6"],
    ["0 0/5 * * * ?", "quartz", "*/5 * * * *"],
    ["0 0 2 ? * FRI-MON", "quartz", "0 2 * * 0,1,5,6"],
    ["0 0 22-2 1 JAN,JUL ?", "quartz", "0 0-2,22,23 1 1,7 *"],
    ["0 0 2 * * 7", "spring", "0 2 * * 0"],
  ] as const)("writes %s (%s) as %s", (expression, dialect, fields) => {
    expect(fiveFields(scheduleOf(expression, dialect), "crontab")).toEqual({ text: fields });
  });

  it.each([
    ["30 0 2 * * ?", "quartz", ["crontab knows no seconds; let second be 0, or take --emit systemd"]],
    ["0 0 2 * * ? 2027", "quartz", ["crontab knows no year; leave it out, or take --emit systemd"]],
    [
      "0 0 2 L * ?",
      "quartz",
      [
        "crontab knows no last day of the month (L); the first of the month (1) is the day after it; or take --emit systemd",
      ],
    ],
    [
      "0 0 2 LW * ?",
      "quartz",
      ["crontab knows no last weekday of the month (LW); the first of the month (1) is near; or take --emit systemd"],
    ],
    [
      "0 0 2 15W * ?",
      "quartz",
      ["crontab knows no nearest weekday (W); Monday to Friday (1-5) or the day alone is near; or take --emit systemd"],
    ],
    [
      "0 0 2 ? * 6#3",
      "quartz",
      ["crontab knows no nth weekday of the month (#); the weekday of every week is near; or take --emit systemd"],
    ],
    [
      "0 0 2 ? * 6L",
      "quartz",
      [
        "crontab knows no last weekday of its kind in the month (L); the weekday of every week is near; or take --emit systemd",
      ],
    ],
    [
      "0 0 2 13 * FRI",
      "spring",
      [
        "crontab fires on days that meet either day field, not only on those that meet both; leave one of the two out; or take --emit systemd",
      ],
    ],
  ] as const)("refuses %s (%s), and says what is near", (expression, dialect, reasons) => {
    expect(refusals("crontab", expression, dialect)).toEqual(reasons);
  });
});

/** The next times by systemd itself, of all lines together. */
async function elapses(lines: readonly string[], most: number): Promise<string[]> {
  const said = await run(
    ["systemd-analyze", "calendar", "--base-time=2026-11-24 16:00:00 UTC", `--iterations=${most}`, ...lines],
    { env: { ...process.env, TZ: "UTC" } },
  );
  const times = [...said.matchAll(/(?:Next elapse|Iter\. #\d+): \w+ (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g)];
  return [...new Set(times.map(([, date, time]) => `${date}T${time}.000Z`))].sort().slice(0, most);
}

describe("systemd", () => {
  it("elapses when the expression fires, by systemd's own reckoning", async () => {
    let compared = 0;
    for (const { expression, dialect } of everything) {
      const schedule = scheduleOf(expression, dialect);
      const calendar = onCalendar(schedule, "UTC");
      if ("refused" in calendar) continue;
      const times = iso(nextTimes(schedule, openZone("UTC"), from, 6));
      expect({ expression, lines: calendar.lines, times: await elapses(calendar.lines, 6) }).toEqual({
        expression,
        lines: calendar.lines,
        times,
      });
      compared += 1;
    }
    expect(compared).toBeGreaterThan(350);
  });

  it.each([
    ["30 30 2 * * ?", "quartz", ["*-*-* 02:30:30 UTC"]],
    ["0 0/5 8-17 ? * MON-FRI", "quartz", ["Mon..Fri *-*-* 08..17:00/5:00 UTC"]],
    ["0 0 2 L * ?", "quartz", ["*-*~01 02:00:00 UTC"]],
    ["0 0 2 L-3 * ?", "quartz", ["*-*~04 02:00:00 UTC"]],
    ["0 0 2 LW * ?", "quartz", ["Mon..Fri *-*~01 02:00:00 UTC", "Fri *-*~02,03 02:00:00 UTC"]],
    ["0 0 2 15W * ?", "quartz", ["Mon..Fri *-*-15 02:00:00 UTC", "Fri *-*-14 02:00:00 UTC", "Mon *-*-16 02:00:00 UTC"]],
    ["0 0 2 1W * ?", "quartz", ["Mon..Fri *-*-01 02:00:00 UTC", "Mon *-*-02,03 02:00:00 UTC"]],
    ["0 0 2 ? * 6#3", "quartz", ["Fri *-*-15..21 02:00:00 UTC"]],
    ["0 0 2 ? * 6L", "quartz", ["Fri *-*~07/1 02:00:00 UTC"]],
    ["0 0 2 * * ? 2027-2029", "quartz", ["2027..2029-*-* 02:00:00 UTC"]],
    ["0 0 13 * 5", "unix", ["*-*-13 00:00:00 UTC", "Fri *-*-* 00:00:00 UTC"]],
    ["0 0 0 13 * FRI", "spring", ["Fri *-*-13 00:00:00 UTC"]],
  ] as const)("writes %s (%s)", (expression, dialect, lines) => {
    expect(onCalendar(scheduleOf(expression, dialect), "UTC")).toEqual({ lines });
  });

  it.each([
    [
      "0 0 2 31W * ?",
      "quartz",
      ["systemd cannot express 31W near the end of a month; LW or a day before the 28th can be"],
    ],
    [
      "0 0 2 L-29W * ?",
      "quartz",
      ["systemd cannot express L-29W near the end of a month; LW or a day before the 28th can be"],
    ],
    [
      "0 0 2 L * MON",
      "spring",
      ["systemd cannot express both day fields together where one has L, W or #; leave one of the two out"],
    ],
  ] as const)("refuses %s (%s), and says what can be", (expression, dialect, reasons) => {
    expect(refusals("systemd", expression, dialect)).toEqual(reasons);
  });

  it("emits a service and a timer that systemd finds nothing to say about", async () => {
    const folder = await instanceFolder("units-");
    const text = textOf("systemd", {
      node: process.execPath,
      program: "/opt/it's $HOME 100%/bin/idm-ldap-sync.js",
      variables: ["LDAP_PASSWORD"],
      writable: ["/var/lib/my idm"],
      name: "staff & guests",
    });
    const files = [...text.matchAll(/^# --- \/etc\/systemd\/system\/(\S+)\n([\s\S]*?)(?=^# ---|$(?![\s\S]))/gm)];
    expect(files.map(([, name]) => name)).toEqual([
      "idm-ldap-sync-staff-guests.service",
      "idm-ldap-sync-staff-guests.timer",
    ]);
    await mkdir(folder, { recursive: true });
    for (const [, name = "", unit = ""] of files) await writeFile(join(folder, name), unit);
    const verified = await outcomeOf([
      "systemd-analyze",
      "verify",
      "--man=no",
      ...files.map(([, name = ""]) => join(folder, name)),
    ]);
    expect(verified).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(text).toContain('"/opt/it\'s $$HOME 100%%/bin/idm-ldap-sync.js" sync');
    expect(text).toContain('ReadWritePaths="/var/lib/my idm"');
  });

  it("is hardened so that systemd's own review calls the exposure low", async () => {
    const folder = await instanceFolder("security-");
    const [, unit = ""] =
      /^# --- \S+\.service\n([\s\S]*?)^# ---/m.exec(textOf("systemd", { node: process.execPath })) ?? [];
    const file = join(folder, "idm-ldap-sync-staff.service");
    await writeFile(file, unit);
    const { stdout } = await outcomeOf([
      "systemd-analyze",
      "security",
      "--offline=true",
      "--threshold=40",
      "--no-pager",
      file,
    ]);
    expect(stdout).toMatch(/Overall exposure level for idm-ldap-sync-staff\.service: [0-3]\.\d OK/);
  });

  it("is the text of the timer that people install", () => {
    expect(textOf("systemd").split("# --- /etc/systemd/system/idm-ldap-sync-staff.timer\n")[1]).toBe(`\
[Unit]
Description=idm-ldap-sync, staff: at 02:00 on Monday to Friday

[Timer]
OnCalendar=Mon..Fri *-*-* 02:00:00 Europe/Stockholm
AccuracySec=1s
# A time at which the machine was off is made up for at the next start.
Persistent=true

[Install]
WantedBy=timers.target
`);
  });
});

describe("kubernetes", () => {
  it("is a CronJob that takes every secret by reference", () => {
    const text = textOf("kubernetes", { variables: ["LDAP_PASSWORD"], secretFiles: ["db-password", "/run/secrets/x"] });
    expect(text).toBe(`\
# Before: kubectl create configmap idm-ldap-sync-staff --from-file=.syncrc.json=/etc/idm/.syncrc.json
#         kubectl create secret generic idm-ldap-sync-staff --from-literal=LDAP_PASSWORD=… --from-file=db-password=db-password
# The configuration reads /run/secrets/x: mount it there from a Secret of your own.
# Put the image that you have built of the program where it says image.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: idm-ldap-sync-staff
spec:
  schedule: "0 2 * * 1-5" # at 02:00 on Monday to Friday
  timeZone: "Europe/Stockholm"
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 600
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 5
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 65532
            runAsGroup: 65532
            fsGroup: 65532
            seccompProfile: { type: RuntimeDefault }
          containers:
            - name: sync
              image: "registry.example.com/idm-ldap-sync:1.2.3"
              command: ["idm-ldap-sync", "sync", "--quiet", "--config", "/etc/idm-ldap-sync/.syncrc.json"]
              env:
                # Nothing is kept in a pod; the configuration can keep the history in the database.
                - { name: XDG_STATE_HOME, value: /tmp }
                - name: "LDAP_PASSWORD"
                  valueFrom: { secretKeyRef: { name: idm-ldap-sync-staff, key: "LDAP_PASSWORD" } }
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities: { drop: ["ALL"] }
              volumeMounts:
                - { name: config, mountPath: /etc/idm-ldap-sync, readOnly: true }
                - { name: tmp, mountPath: /tmp }
          volumes:
            - name: config
              projected:
                defaultMode: 0440
                sources:
                  - configMap: { name: idm-ldap-sync-staff, items: [{ key: ".syncrc.json", path: ".syncrc.json" }] }
                  - secret: { name: idm-ldap-sync-staff, items: [{ key: "db-password", path: "db-password" }] }
            - name: tmp
              emptyDir: {}
`);
  });

  it("writes Sunday as 0, which is the only one that Kubernetes knows", () => {
    const sunday = { schedule: scheduleOf("0 2 * * 7", "unix"), crontab: "0 2 * * 7" };
    expect(textOf("kubernetes", sunday)).toContain('schedule: "0 2 * * 0"');
  });

  it("refuses days that must meet both fields, which crontab's */2 means and Kubernetes does not", () => {
    expect(refusals("kubernetes", "0 0 */2 * 1", "unix")).toEqual([
      "Kubernetes fires on days that meet either day field, not only on those that meet both; leave one of the two out; or take --emit systemd",
    ]);
  });

  it("has a name that Kubernetes takes, however long that of the sync is", () => {
    const name = /^ {2}name: (\S+)$/m.exec(textOf("kubernetes", { name: `Ünter ${"long".repeat(20)}` }))?.[1] ?? "";
    expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/);
  });
});

it("passes @reboot to a crontab alone", () => {
  const reboot = { schedule: "reboot", crontab: "@reboot" } as const;
  expect(textOf("crontab", reboot)).toContain("\n@reboot /usr/bin/node ");
  expect(targets.systemd(job(reboot))).toHaveProperty("refused");
  expect(targets.kubernetes(job(reboot))).toHaveProperty("refused");
});
