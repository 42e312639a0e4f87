/**
 * The same items in the same order, asked for while those before are still being worked on: so many of them at most wait.
 * Where the work ends early, the source is told to end, and is not waited for.
 */
export async function* ahead<T>(source: AsyncGenerator<T>, most: number): AsyncGenerator<T> {
  const ask = (): Promise<IteratorResult<T>> => {
    const item = source.next();
    // Its failure is told when it is its turn.
    item.catch(() => {});
    return item;
  };
  const waiting = Array.from({ length: most }, ask);
  try {
    for (;;) {
      const item = await waiting.shift();
      if (!item || item.done) return;
      waiting.push(ask());
      yield item.value;
    }
  } finally {
    source.return(undefined).catch(() => {});
  }
}
