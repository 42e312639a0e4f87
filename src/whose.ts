import type { ResolvedConfig } from "./config/load.ts";
import type { Entry } from "./entry.ts";
import { compileMapping } from "./mapping/compile.ts";
import { isMappingReject } from "./mapping/reject.ts";
import { attributeKey } from "./source/attributes.ts";
import type { Fit } from "./target/fit.ts";

/** What says whose row an entry's is, also of an entry that cannot be mapped as a whole. */
export interface WhoseRow {
  /** The match keys as their columns hold them; undefined where it has none. */
  keysOf(entry: Entry): readonly (string | undefined)[];
  /** Likewise the immutable id. */
  idOf(entry: Entry): string | undefined;
  /** The attributes that these read, as the mapping spells them. */
  readonly whose: readonly string[];
}

/** The texts of the match keys of an entry; empty where it has none. */
export type KeyTexts = (entry: Entry) => readonly string[];

interface Column {
  readonly name: string;
  readonly attributes: readonly string[];
  readonly fit: Fit;
}

/**
 * @param keys Positions in `columns`, as `immutableId`.
 * @param attributes All that the mapping requests.
 */
export function whoseRow(
  { mapping }: Pick<ResolvedConfig, "mapping">,
  columns: readonly Column[],
  keys: readonly number[],
  immutableId: number | undefined,
  attributes: readonly string[],
): WhoseRow & { readonly keyTexts: KeyTexts } {
  const alone = [...keys, immutableId ?? -1].map((at) => {
    const column = columns[at];
    const rule = column && mapping[column.name];
    const { map } = compileMapping(rule === undefined ? {} : { [column?.name ?? ""]: rule });
    const text = (entry: Entry): string => {
      const mapped = map(entry);
      return isMappingReject(mapped) ? "" : (mapped[0] ?? "");
    };
    const fitted = (entry: Entry): string | undefined => {
      const value = column?.fit(text(entry) || null);
      return typeof value === "string" ? value : undefined;
    };
    return { text, fitted };
  });
  const ofKeys = alone.slice(0, keys.length);
  const read = new Set([...keys, immutableId ?? -1].flatMap((at) => columns[at]?.attributes ?? []));
  return {
    keyTexts: (entry) => ofKeys.map(({ text }) => text(entry)),
    keysOf: (entry) => ofKeys.map(({ fitted }) => fitted(entry)),
    idOf: (entry) => alone.at(-1)?.fitted(entry),
    whose: attributes.filter((name) => read.has(attributeKey(name))),
  };
}
