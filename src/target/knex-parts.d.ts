/** The parts of knex that `knex.ts` puts together; its own types leave them out. */

declare module "knex/lib/knex-builder/make-knex.js" {
  import type { Knex } from "knex";

  export default function makeKnex(client: Knex.Client): Knex;
}

declare module "knex/lib/dialects/mysql2/index.js" {
  import { Knex } from "knex";

  export default class Mysql2 extends Knex.Client {}
}

declare module "knex/lib/dialects/better-sqlite3/index.js" {
  import { Knex } from "knex";

  export default class BetterSqlite extends Knex.Client {
    _driver(): unknown;
    _query(connection: object, query: { readonly sql: string }): Promise<unknown>;
  }
}
