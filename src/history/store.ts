import type { RunRecord } from "./record.ts";

/** Whose runs are asked for: those of a name, and those of a configuration that ended before its name was known. */
export interface Wanted {
  readonly name: string;
  readonly config: string;
}

/** Where runs are remembered. */
export interface HistoryStore {
  /** For people. */
  readonly title: string;
  /** Twice for each run: when it begins, and when it has ended. Fails where that cannot be. */
  write(record: RunRecord): Promise<void>;
  /**
   * The last `limit` runs at least, and the last success, in any order; a run may come twice. All names where none is
   * `wanted`.
   */
  read(wanted: Wanted | undefined, limit: number): Promise<Remembered>;
}

export interface Remembered {
  readonly records: readonly RunRecord[];
  /** Lines that are no records. */
  readonly unreadable: number;
}

export const isWanted = ({ name, config }: RunRecord, wanted: Wanted | undefined): boolean =>
  wanted === undefined || name === wanted.name || (name === null && config === wanted.config);
