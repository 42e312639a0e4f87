import { rm } from "node:fs/promises";
import { join } from "node:path";
import { program, run } from "../servers/command.ts";
import { instanceFolder } from "../servers/folder.ts";
import { type Mariadb, startMariadb } from "../servers/mariadb.ts";
import { writeLdif } from "../servers/people.ts";
import { type Slapd, startSlapd } from "../servers/slapd.ts";
import { staffTable } from "../staff.ts";
import { activeAmong, benchLdif, columns, rightRows } from "./people.ts";

/** A directory and a database of a benchmark, with a table `users` and the same as it has to be, `right_users`. */
export interface Site {
  readonly people: number;
  readonly active: number;
  readonly slapd: Slapd;
  readonly mariadb: Mariadb;
  /** The rows of `right_users` as LOAD DATA reads them. */
  readonly rowsFile: string;
  /** Makes `users` anew, without a row. */
  empty(): Promise<void>;
  /** Makes `users` what it has to be. */
  fill(): Promise<void>;
  /** Gives one person of a hundred another title in `users`, so that a run has to write it. */
  outdate(): Promise<void>;
  /** What is wrong with `users`, or undefined: every value of every row is compared, byte by byte. */
  wrong(): Promise<string | undefined>;
  stop(): Promise<void>;
}

/** The same for 100,000 people and for a million, so that these can be compared: all rows are in memory. */
const mariadbArgs = ["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M"];

export async function openSite(people: number): Promise<Site> {
  const slapd = await startSlapd({ people: benchLdif(people), tls: true });
  const mariadb = await startMariadb({ args: mariadbArgs });
  const folder = await instanceFolder("bench-");
  const rowsFile = join(folder, "rows");
  writeLdif(rowsFile, rightRows(people));
  const empty = async () => {
    await mariadb.sql(`drop table if exists users; ${staffTable}`);
  };
  const names = columns.join(", ");
  await mariadb.sql(staffTable.replace("users", "right_users"));
  await run(loadData(mariadb, rowsFile, "right_users"));
  return {
    people,
    active: activeAmong(people),
    slapd,
    mariadb,
    rowsFile,
    empty,
    fill: async () => {
      await empty();
      await mariadb.sql(`insert into users (${names}) select ${names} from right_users order by id`);
    },
    outdate: async () => {
      await mariadb.sql("update users set title = 'Before' where employee_number % 100 = 3");
    },
    wrong: () => wrong(mariadb),
    stop: async () => {
      await Promise.all([slapd.stop(), mariadb.stop(), rm(folder, { recursive: true })]);
    },
  };
}

/** The command that reads a file of rows into a table. */
export const loadData = (
  { socket, database }: Pick<Mariadb, "socket" | "database">,
  file: string,
  table: string,
): string[] => [
  program("mariadb"),
  "--no-defaults",
  `--socket=${socket}`,
  "--user=root",
  "--local-infile=1",
  "--default-character-set=utf8mb4",
  database,
  "--execute",
  `load data local infile '${file}' into table ${table} (${columns.join(", ")})`,
];

async function wrong(mariadb: Mariadb): Promise<string | undefined> {
  const same = columns.map((column) => `binary u.${column} <=> binary r.${column}`).join(" and ");
  const [counts] = await mariadb.sql(
    "select (select count(*) from users) as there, (select count(*) from right_users) as wanted",
  );
  const different = await mariadb.sql(
    `select r.username from right_users r left join users u on u.external_id = r.external_id where not (${same}) limit 5`,
  );
  if (counts?.there === counts?.wanted && different.length === 0) return undefined;
  const who = different.map((row) => row.username).join(", ") || "none";
  return `the table has ${counts?.there} rows for ${counts?.wanted} people; missing or different: ${who}`;
}
