import type { Random } from "./random.ts";

/** What people and other programs do in the table between two runs; a run has to bring it in line. */
export const hands = {
  "leave it alone": { weight: 12, sql: () => "do 0" },
  "write other titles": {
    weight: 3,
    sql: (random) => `update users set title = concat('Hand ', id) where id % 5 = ${random.between(0, 4)}`,
  },
  "delete rows": { weight: 3, sql: (random) => `delete from users where id % 6 = ${random.between(0, 5)}` },
  "block some": {
    weight: 2,
    sql: (random) => `update users set state = 'inactive' where id % 97 = ${random.between(0, 96)}`,
  },
  "empty it": { weight: 1, sql: () => "delete from users" },
} as const satisfies Record<string, { readonly weight: number; readonly sql: (random: Random) => string }>;
