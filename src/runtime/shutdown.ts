/**
 * What a process has to close, in the reverse order of its making, and by name: so that a process that has to end
 * before all is closed can say what it left.
 */
import type { Logger } from '../telemetry/logging.ts';

export interface Shutdown extends AsyncDisposable {
  defer(name: string, close: () => unknown): void;
  /** The names of what is not closed yet, the one that is being closed first. */
  readonly left: readonly string[];
}

export function createShutdown(): Shutdown {
  const stack = new AsyncDisposableStack();
  const left: string[] = [];
  return {
    get left() {
      return left.toReversed();
    },
    defer(name, close) {
      left.push(name);
      stack.defer(async () => {
        try {
          await close();
        } finally {
          left.pop();
        }
      });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Whether everything was closed within the time, in milliseconds; else it logs what was left. */
export async function closeWithin(
  server: { readonly left: readonly string[]; close(): Promise<void> },
  milliseconds: number,
  logger: Logger,
): Promise<boolean> {
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(late.resolve, milliseconds, 'late');
  const ending = await Promise.race([server.close(), late.promise]);
  clearTimeout(timer);
  if (ending !== 'late') return true;
  logger.error({ left: server.left }, 'not everything could be finished in time');
  return false;
}
