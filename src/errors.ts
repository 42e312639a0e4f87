/**
 * Whose turn it is to act: the one who types, configures, runs the directory or the database, or owns the disk. At a limit
 * somebody decides; at a lock another run is to end.
 */
export type Turn = "usage" | "configuration" | "directory" | "database" | "files" | "limit" | "lock";

/**
 * A failure that is foreseen: it is told as one line (what, where) with a hint (what to do). Anything else that is
 * thrown is a bug of ours and keeps its stack.
 */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly turn: Turn;
  readonly hint: string | undefined;

  constructor(turn: Turn, message: string, options: { hint?: string | undefined; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.turn = turn;
    this.hint = options.hint;
  }
}
