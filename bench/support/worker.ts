/**
 * Workers: processes of their own, so that neither the sides of a benchmark nor its load share an event loop or a heap.
 * A worker answers calls one at a time. It ends when its parent ends or closes it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Worker extends AsyncDisposable {
  /** Rejects with the worker's error, or when the worker has ended. */
  call<Result>(command: string, argument?: unknown): Promise<Result>;
}

interface Reply {
  readonly result?: unknown;
  readonly error?: string;
}

/** `program` is relative to `bench/`. */
export function startWorker(program: string): Worker {
  const child = fork(join(import.meta.dirname, '..', program), { serialization: 'advanced' });
  const ended = once(child, 'exit');
  return {
    async call<Result>(command: string, argument?: unknown) {
      const reply = once(child, 'message');
      child.send({ command, argument });
      const [answer] = (await Promise.race([reply, ended.then(() => [{ error: 'it has ended' }])])) as [Reply];
      if (answer.error !== undefined) throw new Error(`${program}: ${command}: ${answer.error}`);
      return answer.result as Result;
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

type Handler = (argument: never) => unknown;

/** Answers calls in a worker's program, by the names of `handlers`. `close` runs before the worker ends. */
export function serveCalls(handlers: Readonly<Record<string, Handler>>, close: () => unknown = () => undefined): void {
  process.on('message', async ({ command, argument }: { command: string; argument: unknown }) => {
    try {
      process.send?.({ result: await handlers[command]?.(argument as never) });
    } catch (error) {
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.once('disconnect', async () => {
    await close();
    process.exit();
  });
}
