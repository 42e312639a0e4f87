import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { bin, type Workspace, workspace } from "../program.ts";

const from = ["--from", "2026-11-24T16:00:00Z"];
const stockholm = ["--timezone", "Europe/Stockholm"];

/** What the program says of an expression, in an empty folder. */
const say = async (...args: string[]) => (await workspace()).run(["validate-cron", ...args]);

async function document(work: Workspace, ...args: string[]) {
  const { code, stdout } = await work.run(["validate-cron", ...args, "--json"]);
  return { code, document: JSON.parse(stdout) };
}

const configured = async (config: object): Promise<Workspace> => {
  const work = await workspace();
  await work.configure(config);
  return work;
};

it("says what a schedule means, when it fires, and what becomes of it where the clock is changed", async () => {
  expect(await say("30 2 * * 1-5,7", ...stockholm, ...from, "--count", "2")).toEqual({
    code: 0,
    stderr: "",
    stdout: `\
valid      30 2 * * 1-5,7 (crontab)
means      at 02:30 on Monday to Friday and Sunday
time zone  Europe/Stockholm
next       Wed 2026-11-25T02:30:00+01:00  2026-11-25T01:30:00Z
           Thu 2026-11-26T02:30:00+01:00  2026-11-26T01:30:00Z
warning    02:30 does not exist on Sun 2027-03-28 in Europe/Stockholm (at 2027-03-28T01:00:00Z the clock goes from 02:00 to 03:00)
warning    02:30 comes twice on Sun 2027-10-31 in Europe/Stockholm (at 2027-10-31T01:00:00Z the clock goes from 03:00 to 02:00)
clock      2027-03-28: 02:30 is skipped
           Debian's cron runs it right after the change
           systemd does not run it
           Kubernetes does not run it
clock      2027-10-31: 02:30 is doubled
           Debian's cron runs it once, the first time
           systemd runs it once, the first time
           Kubernetes runs it both times
`,
  });
});

it("shows both readings of an expression that two dialects read differently", async () => {
  expect(await say("0 0 2 ? * 2-6", "--timezone", "UTC", ...from, "--count", "4")).toEqual({
    code: 0,
    stderr: "",
    stdout: `\
valid      0 0 2 ? * 2-6 (Quartz)
means      at 02:00 on Monday to Friday
time zone  UTC
next       Wed 2026-11-25T02:00:00+00:00  2026-11-25T02:00:00Z
           Thu 2026-11-26T02:00:00+00:00  2026-11-26T02:00:00Z
           Fri 2026-11-27T02:00:00+00:00  2026-11-27T02:00:00Z
           Mon 2026-11-30T02:00:00+00:00  2026-11-30T02:00:00Z
or Spring  at 02:00 on Tuesday to Saturday
next       Wed 2026-11-25T02:00:00+00:00  2026-11-25T02:00:00Z
           Thu 2026-11-26T02:00:00+00:00  2026-11-26T02:00:00Z
           Fri 2026-11-27T02:00:00+00:00  2026-11-27T02:00:00Z
           Sat 2026-11-28T02:00:00+00:00  2026-11-28T02:00:00Z
warning    read as Quartz; Spring reads it as: at 02:00 on Tuesday to Saturday (say which with --dialect)
`,
  });
});

it.each([
  ["0 25 * * *", 'error      hour "25": allowed are 0 to 23'],
  ["0 0 30 2 *", "error      never fires: February has no day 30"],
  ["0 0 0 31 4 ?", "error      never fires: April has no day 31"],
])("ends with 2 where %s is invalid or never fires, and says why on stdout", async (expression, line) => {
  const { code, stdout, stderr } = await say(expression, "--timezone", "UTC", ...from);
  expect({ code, stderr }).toEqual({ code: 2, stderr: "" });
  expect(stdout).toMatch(/^invalid {4}/);
  expect(stdout.split("\n")).toContain(line);
});

it("prints one document, with the keys that are promised and what is added to them", async () => {
  expect(await document(await workspace(), "0 2 * * 1-5", ...stockholm, ...from, "--count", "2")).toEqual({
    code: 0,
    document: {
      valid: true,
      expression: "0 2 * * 1-5",
      dialect: "unix",
      description: "at 02:00 on Monday to Friday",
      timezone: "Europe/Stockholm",
      next: ["2026-11-25T01:00:00Z", "2026-11-26T01:00:00Z"],
      warnings: [],
      errors: [],
      nextLocal: ["2026-11-25T02:00:00+01:00", "2026-11-26T02:00:00+01:00"],
      readings: [],
      dst: [],
    },
  });
});

it("prints a document of an invalid expression too, and of a question that cannot be asked", async () => {
  const work = await workspace();
  expect(await document(work, "0 2 * foo *", "--timezone", "UTC")).toEqual({
    code: 2,
    document: {
      valid: false,
      expression: "0 2 * foo *",
      dialect: "unix",
      description: null,
      timezone: "UTC",
      next: [],
      warnings: [],
      errors: ['month "foo": allowed are 1 to 12 or JAN to DEC'],
      nextLocal: [],
      readings: [],
      dst: [],
    },
  });
  const nothing = await document(work, ...stockholm);
  expect(nothing).toMatchObject({
    code: 2,
    document: { valid: false, expression: null, timezone: "Europe/Stockholm", next: [] },
  });
  expect(nothing.document.errors).toEqual([expect.stringMatching(/^no configuration in /)]);
});

it("takes the system's time zone where none is given", async () => {
  const { stdout } = await (await workspace()).run(["validate-cron", "0 2 * * *", "--json", ...from, "--count", "1"], {
    TZ: "Asia/Kolkata",
  });
  expect(JSON.parse(stdout)).toMatchObject({
    next: ["2026-11-24T20:30:00Z"],
    nextLocal: ["2026-11-25T02:00:00+05:30"],
  });
});

it.each([
  [
    ["--timezone", "Mars/Olympus"],
    'error      time zone "Mars/Olympus": there is no such IANA name (such as Europe/Stockholm or UTC)',
    "stdout",
  ],
  [["--count", "0"], "It must be a whole number from 1 to 1000.", "stderr"],
  [["--dialect", "cron"], "It must be unix or quartz or spring.", "stderr"],
  [
    ["--from", "tomorrow"],
    "It must be an instant as 2027-03-28T00:00:00Z or 2027-03-28T02:00:00+01:00, or a day.",
    "stderr",
  ],
  [
    ["--from", "2027-13-01"],
    "It must be an instant as 2027-03-28T00:00:00Z or 2027-03-28T02:00:00+01:00, or a day.",
    "stderr",
  ],
  [
    ["--from", "2027-03-28T02:30:00"],
    "It must be an instant as 2027-03-28T00:00:00Z or 2027-03-28T02:00:00+01:00, or a day.",
    "stderr",
  ],
  [["--emit", "launchd"], "It must be crontab or systemd or kubernetes.", "stderr"],
] as const)("ends with 2 at %j", async (args, words, stream) => {
  const outcome = await say("0 2 * * *", ...args);
  expect(outcome.code).toBe(2);
  expect(outcome[stream]).toContain(words);
});

it("says nothing with --quiet unless there is something to say", async () => {
  const quiet = ["--timezone", "UTC", "--quiet"];
  expect(await say("0 2 * * *", ...quiet)).toEqual({ code: 0, stdout: "", stderr: "" });
  expect((await say("0 2 13 * 5", ...quiet)).stdout).toContain("warning    day of month and day of week are both set");
  expect((await say("0 2 31 2 *", ...quiet)).stdout).toContain("never fires");
});

describe("without an expression", () => {
  const schedule = { expression: "0 0 2 ? * 2-6", dialect: "quartz", timezone: "Europe/Stockholm" };
  const bindPassword = { env: "A_VARIABLE_THAT_IS_NOT_SET" };

  it("takes schedule from the configuration, whose secrets need not be at hand", async () => {
    const work = await configured({ schedule, source: { bindPassword } });
    const { code, document: answer } = await document(work, ...from, "--count", "1");
    expect({ code, answer }).toMatchObject({
      code: 0,
      answer: {
        dialect: "quartz",
        timezone: "Europe/Stockholm",
        next: ["2026-11-25T01:00:00Z"],
        description: "at 02:00 on Monday to Friday",
      },
    });
  });

  it("lets the options win", async () => {
    const work = await configured({ schedule });
    const { document: answer } = await document(
      work,
      ...from,
      "--count",
      "1",
      "--dialect",
      "spring",
      "--timezone",
      "UTC",
    );
    expect(answer).toMatchObject({
      dialect: "spring",
      timezone: "UTC",
      next: ["2026-11-25T02:00:00Z"],
      description: "at 02:00 on Tuesday to Saturday",
    });
  });

  it.each([
    [{}, "has no schedule (give an EXPRESSION, or the key schedule)"],
    [{ schedule: "0 2 * * *" }, 'schedule must be an object, such as { "expression": "0 2 * * *" }'],
    [{ schedule: { timezone: "UTC" } }, "schedule has no expression"],
    [{ schedule: { expression: 5 } }, "schedule.expression must be a text"],
    [
      { schedule: { expression: "0 2 * * *", timeZone: "UTC" } },
      'schedule.timeZone is not a known key; did you mean "timezone"?',
    ],
    [
      { schedule: { expression: "0 2 * * *", dialect: "unx" } },
      'schedule.dialect "unx": it must be unix or quartz or spring (did you mean unix?)',
    ],
  ])("refuses the configuration %j", async (config, words) => {
    const { code, stdout, stderr } = await (await configured(config)).run(["validate-cron"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(words);
  });

  it("reads the configuration that --config names, in YAML too", async () => {
    const work = await workspace();
    await writeFile(work.path("other.yaml"), "schedule:\n  expression: 0 4 * * *\n");
    const { document: answer } = await document(work, "--config", "other.yaml", "--timezone", "UTC");
    expect(answer).toMatchObject({ valid: true, expression: "0 4 * * *" });
  });
});

describe("--emit", () => {
  const config = {
    name: "staff",
    source: { bindPassword: { env: "LDAP_PASSWORD" }, url: "file:people.ldif" },
    target: { client: "sqlite", connection: { filename: "data/idm.sqlite" } },
    hooks: { onChange: { url: "https://x", headers: { authorization: { env: "HOOK_TOKEN" } } } },
    mapping: { env: { value: "prod" } },
    schedule: { expression: "0 2 * * 1-5", timezone: "Europe/Stockholm" },
  };

  it("prints the line of a crontab, with absolute paths, and nothing else on stdout", async () => {
    const work = await configured(config);
    const { code, stdout, stderr } = await work.run(["validate-cron", "--emit", "crontab"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trim().split("\n");
    expect(lines.at(-1)).toBe(
      `0 2 * * 1-5 ${process.execPath} ${bin} sync --quiet --config ${work.path(".syncrc.json")}`,
    );
    expect(lines.slice(0, -1).every((line) => line.startsWith("#"))).toBe(true);
    expect(stdout).toContain("# The configuration reads LDAP_PASSWORD, HOOK_TOKEN from the environment");
  });

  it("prints units of systemd and a CronJob that fit the configuration", async () => {
    const work = await configured(config);
    const { stdout: units } = await work.run(["validate-cron", "--emit", "systemd"]);
    expect(units).toContain("OnCalendar=Mon..Fri *-*-* 02:00:00 Europe/Stockholm\n");
    expect(units).toContain(`ReadWritePaths=${work.path("data")}\n`);
    expect(units).toContain("EnvironmentFile=/etc/idm-ldap-sync/idm-ldap-sync-staff.env\n");
    const { stdout: job } = await work.run(["validate-cron", "--emit", "kubernetes"]);
    expect(job).toContain('valueFrom: { secretKeyRef: { name: idm-ldap-sync-staff, key: "HOOK_TOKEN" } }');
  });

  it("shows no name that may be the secret itself", async () => {
    const source = { bindPassword: { env: "Sommer2026" }, tls: { key: { file: "hunter2" } } };
    const history = { file: "state/history.jsonl" };
    const work = await configured({
      ...config,
      source,
      history,
      hooks: { x: { env: "not a name" }, y: { file: "pw/db" } },
    });
    for (const target of ["crontab", "systemd", "kubernetes"]) {
      const { code, stdout, stderr } = await work.run(["validate-cron", "--emit", target]);
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr:
          "warning: 3 of the secrets left out: what stands there looks like no name of a variable or file, and may be the secret itself\n",
      });
      expect(stdout).not.toMatch(/Sommer2026|hunter2|not a name/);
      expect(stdout.includes("pw/db")).toBe(target === "kubernetes");
      expect(stdout.includes(`ReadWritePaths=${work.path("state")}\n`)).toBe(target === "systemd");
    }
  });

  it("ends with 2 and an empty stdout where the target cannot express the schedule", async () => {
    const work = await configured(config);
    expect(await work.run(["validate-cron", "0 0 2 ? * 6#3", "--dialect", "quartz", "--emit", "crontab"])).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "error: crontab knows no nth weekday of the month (#); the weekday of every week is near; or take --emit systemd\n",
    });
    expect(await work.run(["validate-cron", "0 0 30 2 *", "--emit", "systemd"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: never fires: February has no day 30\n",
    });
  });

  it("is a part of the JSON document", async () => {
    const work = await configured(config);
    const good = await document(work, "--emit", "crontab");
    expect(good).toMatchObject({
      code: 0,
      document: { valid: true, emit: { target: "crontab", text: expect.stringContaining("0 2 * * 1-5 ") } },
    });
    const bad = await document(work, "30 0 2 * * *", "--emit", "kubernetes", "--timezone", "UTC");
    const refused = ["Kubernetes knows no seconds; let second be 0, or take --emit systemd"];
    expect(bad).toMatchObject({ code: 2, document: { valid: true, emit: { target: "kubernetes", refused } } });
  });

  it("names where the configuration will be, where there is none yet, and warns", async () => {
    const work = await workspace();
    const { code, stdout, stderr } = await work.run([
      "validate-cron",
      "0 2 * * *",
      "--timezone",
      "UTC",
      "--emit",
      "crontab",
    ]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `warning: there is no configuration here yet: what is emitted names ${work.path(".syncrc.json")}\n`,
    });
    expect(stdout).toContain(` --config ${work.path(".syncrc.json")}\n`);
  });
});
