/**
 * The parts that a process has to close, by name, in the reverse order of their start. When closing takes too long, the
 * names that are left tell what was not closed.
 */
import type { Logger } from '../telemetry/logging.ts';

export interface Shutdown extends AsyncDisposable {
  defer(name: string, close: () => unknown): void;
  /** Names of the parts that are not closed yet; the first one is being closed. */
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

/** Resolves with false when closing takes longer than `milliseconds`; then it logs the names that are left. */
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
  logger.error({ left: server.left }, 'closing took too long');
  return false;
}
