/**
 * Collects what is asked during one turn of the event loop and asks it in one statement: a storm of reconnecting sockets
 * becomes a few queries. Each caller gets its own answer, or the failure of the batch that it was in.
 */
interface Asked<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

export function batched<Q, A>(
  ask: (questions: readonly Q[]) => Promise<readonly A[]>,
  maxBatch: number,
): (question: Q) => Promise<A> {
  let waiting: Asked<Q, A>[] = [];

  function flush(): void {
    const all = waiting;
    waiting = [];
    for (let start = 0; start < all.length; start += maxBatch) void answer(all.slice(start, start + maxBatch));
  }

  async function answer(batch: readonly Asked<Q, A>[]): Promise<void> {
    try {
      const answers = await ask(batch.map(({ question }) => question));
      for (const [index, { resolve, reject }] of batch.entries()) {
        const found = answers[index];
        if (found === undefined) reject(new Error('a batch was answered short'));
        else resolve(found);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return (question) => {
    const { promise, resolve, reject } = Promise.withResolvers<A>();
    if (waiting.length === 0) setImmediate(flush);
    waiting.push({ question, resolve, reject });
    return promise;
  };
}
