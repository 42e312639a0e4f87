import { parseArgs } from "node:util";
import { type Leavers, leaversActions, usualLeavers } from "./site.ts";

export interface SoakOptions {
  readonly runs: number;
  readonly people: number;
  readonly seed: number;
  readonly leavers: Leavers;
}

export const usage = `npm run soak -- [OPTIONS]

  --runs N             so many runs (200)
  --people N           so many people in the beginning (1200)
  --seed N             the same changes and disturbances again; where in a run one comes is left to the machine
  --leavers ACTION     ${leaversActions.join(" | ")}: what is to become of people who leave (${usualLeavers})
`;

/** @throws Error that says what is wrong with them. */
export function optionsOf(argv: readonly string[]): SoakOptions | "help" {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: "string", default: "200" },
      people: { type: "string", default: "1200" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
      leavers: { type: "string", default: usualLeavers },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const leavers = leaversActions.find((action) => action === values.leavers);
  if (leavers === undefined) throw new Error(`--leavers ${values.leavers}: not one of ${leaversActions.join(", ")}`);
  const number = (name: "runs" | "people" | "seed"): number => {
    if (!/^\d{1,9}$/.test(values[name])) throw new Error(`--${name} ${values[name]}: not a whole number`);
    return Number(values[name]);
  };
  return { runs: number("runs"), people: number("people"), seed: number("seed"), leavers };
}
