import { setTimeout as sleep } from "node:timers/promises";
import type { Running } from "../program.ts";
import type { Random } from "./random.ts";
import type { Settings, Site } from "./site.ts";

/** What a run meets, and with which codes it may end; null: it was killed. */
interface Disturbance {
  readonly weight: number;
  readonly ends: readonly (number | null)[];
  /** With which ones also, where it has written nothing. */
  readonly unwritten?: readonly null[];
  readonly source?: Settings["source"];
  readonly env?: Readonly<Record<string, string>>;
  /** Before the run begins. */
  readonly before?: (site: Site, random: Random) => Promise<void> | void;
  /** At some moment of the run. */
  readonly during?: (site: Site, running: Running, random: Random) => Promise<void> | void;
  /** A second run that begins together with the first one. */
  readonly twice?: true;
  /** Only where the table has nearly all rows that it should have. */
  readonly full?: true;
  /** Only where people who left are deactivated. */
  readonly deactivates?: true;
}

const done = [0, 3] as const;
const few = "(&(employeeType=active)(employeeNumber=*7))";

/** Shorter than any time-out. */
const pause = (random: Random): Promise<void> => sleep(random.between(0, 400));

export const disturbances = {
  nothing: { weight: 14, ends: done },
  "kill -9": { weight: 7, ends: [null, ...done], during: (_, { process }) => void process.kill("SIGKILL") },
  // A signal that comes before the program listens ends it as it would any other.
  SIGTERM: {
    weight: 3,
    ends: [143, ...done],
    unwritten: [null],
    during: (_, { process }) => void process.kill("SIGTERM"),
  },
  SIGINT: {
    weight: 1,
    ends: [130, ...done],
    unwritten: [null],
    during: (_, { process }) => void process.kill("SIGINT"),
  },
  "the directory is cut off": {
    weight: 3,
    ends: [1, ...done],
    before: ({ toDirectory }, random) => toDirectory.cutAfterBytes(random.between(1, 600_000), "toClient"),
  },
  "the directory refuses": {
    weight: 1,
    ends: [1],
    before: ({ toDirectory }) => {
      toDirectory.refuse();
      toDirectory.cut();
    },
  },
  "the directory stands still": {
    weight: 1,
    ends: [1, ...done],
    source: { timeoutMs: 700 },
    during: ({ toDirectory }) => toDirectory.stall(),
  },
  "the directory stands still for a while": {
    weight: 2,
    ends: done,
    during: async ({ toDirectory }, _, random) => {
      toDirectory.stall();
      await pause(random);
      await toDirectory.resume();
    },
  },
  "slapd is killed": { weight: 2, ends: [1, ...done], during: ({ slapd }) => slapd.kill() },
  "slapd is restarted": { weight: 2, ends: [1, ...done], during: ({ slapd }) => slapd.restart() },
  "the database is cut off": {
    weight: 4,
    ends: [1, ...done],
    before: ({ toDatabase }, random) => {
      toDatabase.cutAfterBytes(random.between(1, 60_000), random.chance(0.5) ? "toServer" : "toClient");
    },
  },
  "the database is cut off twice": {
    weight: 2,
    ends: [1, ...done],
    before: ({ toDatabase }, random) => toDatabase.cutAfterBytes(random.between(1, 30_000), "toClient"),
    during: ({ toDatabase }) => toDatabase.cut(),
  },
  "the database stands still for a while": {
    weight: 2,
    ends: done,
    during: async ({ toDatabase }, _, random) => {
      toDatabase.stall();
      await pause(random);
      await toDatabase.resume();
    },
  },
  "MariaDB is killed and restarted": {
    weight: 2,
    ends: [1, ...done],
    during: async ({ mariadb }) => {
      await mariadb.kill();
      await mariadb.restart();
    },
  },
  "MariaDB is restarted": { weight: 1, ends: [1, ...done], during: ({ mariadb }) => mariadb.restart() },
  "two at once": { weight: 4, ends: [5, ...done], twice: true },
  "nobody is there": { weight: 1, ends: [4], source: { active: "(employeeType=nobody)" }, full: true },
  "nine in ten are not there": { weight: 2, ends: [4], source: { active: few }, full: true, deactivates: true },
  "a wrong password": { weight: 1, ends: [1], env: { LDAP_PASSWORD: "wrong" } },
} as const satisfies Record<string, Disturbance>;

export type DisturbanceName = keyof typeof disturbances;

export const disturbanceOf = (name: DisturbanceName): Disturbance => disturbances[name];
