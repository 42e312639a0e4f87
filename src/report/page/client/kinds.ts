interface Kind {
  readonly label: string;
  readonly count: keyof Counts;
  /** What a sync does to the row. */
  readonly verb: string;
  /** Whether the row exists, so that its columns have an old value. */
  readonly old: boolean;
}

/** Each kind of change; its colour is `.kind-…` in style/summary.css. */
const kinds = {
  insert: { label: "New", count: "inserted", verb: "insert", old: false },
  update: { label: "Changed", count: "updated", verb: "update", old: true },
  deactivate: { label: "Leaving", count: "deactivated", verb: "deactivate", old: true },
  missing: { label: "Missing", count: "missing", verb: "count as missing", old: true },
} satisfies Record<PageChange["kind"], Kind>;

const kindNames = Object.keys(kinds) as (keyof typeof kinds)[];

/** What the picture of proportions is made of. */
const shares: readonly (Pick<Kind, "label" | "count"> & { readonly name: string })[] = [
  ...kindNames.map((name) => ({ name, ...kinds[name] })),
  { name: "unchanged", label: "Unchanged", count: "unchanged" },
  { name: "reject", label: "Rejected", count: "rejected" },
];
