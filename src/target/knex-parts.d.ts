/** The parts of knex that `knex.ts` puts together, as far as they are used; its own types leave them out. */

declare module "knex/lib/client.js" {
  import type { Knex } from "knex";

  export interface ClientQuery {
    readonly sql: string;
  }

  export interface ClientAnswer {
    readonly response: unknown;
  }

  export default class Client {
    constructor(config: Omit<Knex.Config, "client"> & { readonly client: typeof Client });
    acquireConnection(): Promise<unknown>;
    releaseConnection(connection: unknown): Promise<void>;
    _driver(): unknown;
    _query(connection: unknown, query: ClientQuery): Promise<ClientAnswer>;
    destroy(): Promise<void>;
  }
}

declare module "knex/lib/dialects/mysql2/index.js" {
  import Client from "knex/lib/client.js";

  export default class Mysql2 extends Client {}
}

declare module "knex/lib/dialects/better-sqlite3/index.js" {
  import Client from "knex/lib/client.js";

  export default class BetterSqlite extends Client {}
}
