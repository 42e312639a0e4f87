// A script as one writes it by hand for this one directory and table: ldapts, and an upsert with knex for each 500.
//
// usage: script.js LDAP_URL BIND_DN BASE_DN DB_HOST DB_PORT DB_USER DATABASE, passwords in LDAP_PASSWORD and DB_PASSWORD
import knex from "knex";
import { Client } from "ldapts";

const [url, bindDn, base, host, port, user, database] = process.argv.slice(2);
const attributes =
  "entryUUID uid mail displayName givenName sn title l departmentNumber employeeNumber telephoneNumber".split(" ");

const values = (value) => [value ?? []].flat().sort();
const first = (value) => values(value)[0] ?? null;
const row = (entry) => ({
  external_id: first(entry.entryUUID),
  username: first(entry.uid),
  email: first(entry.mail)?.trim().toLowerCase() ?? null,
  display_name: first(entry.displayName),
  given_name: first(entry.givenName),
  surname: first(entry.sn),
  title: first(entry.title),
  town: first(entry.l),
  department: Number(first(entry.departmentNumber)),
  employee_number: Number(first(entry.employeeNumber)),
  phones: values(entry.telephoneNumber).join("; ") || null,
  created_by: "sync",
  state: "active",
});

const client = new Client({ url });
await client.bind(bindDn, process.env.LDAP_PASSWORD);
const filter = "(&(objectClass=inetOrgPerson)(employeeType=active))";
const entries = [];
for await (const page of client.searchPaginated(base, { filter, attributes, paged: { pageSize: 1000 } })) {
  entries.push(...page.searchEntries);
}
await client.unbind();

const connection = { host, port: Number(port), user, password: process.env.DB_PASSWORD, database };
const db = knex({ client: "mysql2", connection });
const { external_id, created_by, ...updated } = row({});
for (let at = 0; at < entries.length; at += 500) {
  const rows = entries.slice(at, at + 500).map(row);
  await db("users").insert(rows).onConflict("external_id").merge(Object.keys(updated));
}
await db.destroy();
