import { parseArgs } from "node:util";
import { type PeerName, peers } from "./peers.ts";
import { type WorkName, works } from "./works.ts";

export interface Options {
  readonly people: number;
  readonly runs: number;
  /** Names of peers and works; empty: all. */
  readonly only: readonly (PeerName | WorkName)[];
  readonly million: boolean;
  readonly smoke: boolean;
  readonly json: string | undefined;
  readonly chart: string | undefined;
}

export const usage = `npm run bench -- [OPTIONS]

  --people N           so many people in the directory, about 93 % of them active (100000)
  --runs N             so many runs of each, of which the median is taken (5)
  --only NAME[,NAME]   peers: ${Object.keys(peers).join(", ")}
                       works: ${Object.keys(works).join(", ")}
  --million            ours also with ten times the people, to compare time and memory; takes minutes
  --smoke              5,000 people, once; searches and statements, no times
  --json FILE          all figures
  --chart FILE         an SVG picture of the medians
`;

/** @throws Error that says what is wrong with them. */
export function optionsOf(argv: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      people: { type: "string" },
      runs: { type: "string" },
      only: { type: "string", multiple: true, default: [] },
      million: { type: "boolean", default: false },
      smoke: { type: "boolean", default: false },
      json: { type: "string" },
      chart: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const { smoke, million, json, chart } = values;
  const people = positive("--people", values.people ?? (smoke ? "5000" : "100000"));
  const runs = positive("--runs", values.runs ?? (smoke ? "1" : "5"));
  const only = values.only.flatMap((names) => names.split(",")).map(nameOf);
  return { people, runs, only, million, smoke, json, chart };
}

function positive(option: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${option} ${text}: not a number above 0`);
  return Number(text);
}

function nameOf(text: string): PeerName | WorkName {
  const names = [...Object.keys(peers), ...Object.keys(works)];
  if (!names.includes(text)) throw new Error(`--only ${text}: not one of ${names.join(", ")}`);
  return text as PeerName | WorkName;
}
