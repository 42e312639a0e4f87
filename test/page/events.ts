import type { Change } from "../../src/change.ts";
import type { Entry } from "../../src/entry.ts";
import type { ColumnSource, Counts, Header, Report, Summary, SyncEvent } from "../../src/report/event.ts";
import { htmlReport as open } from "../../src/report/page/page.ts";
import { tally } from "../../src/report/tally.ts";
import { person } from "../servers/people.ts";

export const htmlReport = (file: string, safe = (text: string): string => text): Report => open(file, safe);

const column = (name: string, source: string, steps: readonly string[] = []): ColumnSource => ({
  name,
  source,
  attributes: [...new Set(source.match(/[A-Za-z]+/g) ?? [])].map((attribute) => attribute.toLowerCase()),
  steps,
});

export const header: Header = {
  command: "dry-run",
  name: "staff",
  runId: "5b3c1f0e-8a44-4a53-9d0e-2f6f3a1c7b90",
  startedAt: new Date("2026-11-24T15:30:00Z"),
  source: "ldaps://ldap.example.com, ou=people,dc=example,dc=com",
  filter: "(&(objectClass=inetOrgPerson)(employeeType=active))",
  active: "(employeeType=active)",
  target: "mysql2 idm@db.example.com/idm, table users",
  endState: 'state = "active"',
  effect: "nothing is written, the connection is read-only",
  leavers: "ignore",
  isOfSome: false,
  next: "idm-ldap-sync sync --config staff.json",
  columns: [
    column("username", "uid"),
    column("email", "mail", ["trim", "lowercase"]),
    { ...column("display_name", "givenName, sn", ["collapse-spaces"]), source: 'template "{givenName} {sn}"' },
    column("phones", "telephoneNumber", ['multi join "; "']),
    column("department", "ou"),
    { name: "origin", source: 'value "ldap"', attributes: [], steps: [] },
    { name: "state", source: "state.active", attributes: [], steps: [] },
  ],
  ofInactive: [{ name: "state", source: "state.inactive", attributes: [], steps: [] }],
};

export const entryOf = (dn: string, attributes: Readonly<Record<string, readonly (string | Buffer)[]>>): Entry => ({
  dn,
  attributes: new Map(Object.entries(attributes).map(([name, values]) => [name.toLowerCase(), values])),
});

export const changeEvent = (change: Change, entry?: Entry, reactivated = false): SyncEvent => ({
  type: "change",
  kind: change.kind,
  change,
  reactivated,
  entry,
});

/** The event of the person with this index: each fifth has a row already, each fiftieth comes back. */
export function personEvent(index: number): SyncEvent {
  const { dn, uid, attributes } = person(index);
  const { mail = [], givenName = [], sn = [], telephoneNumber, ou = [] } = attributes;
  const email = (mail[0] ?? "").toLowerCase();
  const name = `${givenName[0]} ${sn[0]}`;
  const phones = telephoneNumber ? [...telephoneNumber].sort().join("; ") : null;
  const entry = entryOf(dn, attributes);
  if (index % 5 !== 0) {
    const values = {
      username: uid,
      email,
      display_name: name,
      phones,
      department: ou[0] ?? null,
      origin: "ldap",
      state: "active",
    };
    const columns = Object.fromEntries(Object.entries(values).map(([column, to]) => [column, { from: null, to }]));
    return changeEvent({ kind: "insert", key: uid, dn, columns }, entry);
  }
  const reactivated = index % 50 === 0;
  const columns = {
    ...(index % 3 !== 0 && { email: { from: email.replace(".com", ".org"), to: email } }),
    ...(index % 2 === 0 && { display_name: { from: `${givenName[0]} Smith`, to: name } }),
    ...(index % 15 === 0 && { phones: { from: "", to: phones } }),
    ...(reactivated && { state: { from: "inactive", to: "active" } }),
    ...(index % 30 === 15 && { department: { from: null, to: ou[0] ?? null } }),
  };
  return changeEvent({ kind: "update", key: uid, dn, columns }, entry, reactivated);
}

/** Tells a report a whole run of these events. */
export function tell(
  report: Report,
  events: Iterable<SyncEvent>,
  end: Partial<Omit<Summary, "counts">> = {},
  counts: Partial<Counts> = {},
): void {
  const counting = tally();
  report({ type: "started", header });
  for (const event of events) {
    counting.report(event);
    report(event);
  }
  report({ type: "progress" });
  report(finished(end, { ...counting.counts(), ...counts }));
}

export const finished = (end: Partial<Omit<Summary, "counts">>, counts: Counts): SyncEvent => ({
  type: "finished",
  summary: {
    outcome: "succeeded",
    finishedAt: new Date("2026-11-24T15:30:04.200Z"),
    durationMs: 4200,
    adopted: {},
    refusedLeavers: 0,
    error: null,
    counts,
    ...end,
  },
});

export const range = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
