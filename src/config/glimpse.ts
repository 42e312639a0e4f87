import { dirname, resolve } from "node:path";
import { valueAt } from "./problem.ts";

/** What is known of a configuration before it is checked, so that a run that fails for it can be remembered. */
export interface Glimpse {
  /** Absolute. */
  readonly file: string;
  /** Undefined where it cannot be read. */
  readonly name?: string | undefined;
  readonly historyFile?: string | undefined;
}

export function glimpse(file: string, written: unknown): Glimpse {
  const text = (...path: string[]): string | undefined => {
    const value = valueAt(written, path);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const isNamed = valueAt(written, ["name"]) !== undefined;
  const history = text("history", "file");
  return {
    file,
    name: isNamed ? text("name") : "default",
    historyFile: history && resolve(dirname(file), history),
  };
}
