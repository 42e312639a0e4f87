/** What the cells of MariaDB have in common. */

/** Somewhere in the middle of all statements. */
export const middle = 200_000;

/** The database there, and what is configured otherwise. */
export const at = ({ port }: { readonly port: number }, changes: object = {}) => ({
  target: { connection: { host: "127.0.0.1", port }, ...changes },
});
export const attempts = (attempts: number) => ({ retry: { attempts } });

/** A message of the run, after the address. */
export const says = (words: string) => new RegExp(`^the database at 127\\.0\\.0\\.1:\\d+ ${words}$`);

/** Why it is tried again. */
export const again = (words: string) => new RegExp(`the database at 127\\.0\\.0\\.1:\\d+ ${words}; attempt `);

export const whenWell = /run again when the database is well/;
