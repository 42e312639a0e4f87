import type { Schedule } from "../schedule.ts";
import { crontab } from "./crontab.ts";
import { kubernetes } from "./kubernetes.ts";
import { systemd } from "./systemd.ts";

/** Who starts the program. */
export type Target = "crontab" | "systemd" | "kubernetes";

/** What is to be started, when, and from where. */
export interface Job {
  readonly schedule: Schedule | "reboot";
  /** As it was written, where a crontab takes it as it is. */
  readonly crontab: string | undefined;
  readonly description: string;
  readonly timezone: string;
  readonly systemTimezone: string;
  /** Of the sync. */
  readonly name: string;
  /** Absolute paths. */
  readonly node: string;
  readonly program: string;
  readonly config: string;
  readonly version: string;
  /** Environment variables and files (as they are written) that the configuration reads secrets from. */
  readonly variables: readonly string[];
  readonly secretFiles: readonly string[];
  /** Folders that a run writes to: that of a SQLite file. */
  readonly writable: readonly string[];
}

/** A text to install, or why the target cannot express the schedule, with the nearest way to do it. */
export type Emitted = { readonly text: string } | { readonly refused: readonly string[] };

export const targets = { crontab, systemd, kubernetes } as const satisfies Record<Target, (job: Job) => Emitted>;
