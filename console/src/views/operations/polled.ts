/** Something that is read again and again while somebody looks at it. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { DeskwireError } from '../../../../src/client/index.ts';

export interface Polled<T> {
  /** As last read. */
  readonly value: T | undefined;
  /** Why it is not current; undefined when it is. */
  readonly error: unknown;
  /** Reads it now. */
  refresh(): void;
}

/** `read`: the same function for as long as the same thing is read. */
export function usePolled<T>(read: (signal: AbortSignal) => Promise<T>, everyMs: number): Polled<T> {
  const [result, setResult] = useState<Pick<Polled<T>, 'value' | 'error'>>({ value: undefined, error: undefined });
  const now = useRef<() => void>(() => undefined);
  const refresh = useCallback(() => now.current(), []);
  useEffect(() => {
    const poll = startPolling(read, everyMs, (next) => setResult((known) => ({ ...known, ...next })));
    now.current = poll.refresh;
    return poll.close;
  }, [read, everyMs]);
  return { ...result, refresh };
}

function startPolling<T>(
  read: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
  tell: (result: { readonly value?: T; readonly error: unknown }) => void,
) {
  const ended = new AbortController();
  const { signal } = ended;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let reading = false;
  let again = false;

  async function look(): Promise<void> {
    clearTimeout(timer);
    if (reading) {
      again = true;
      return;
    }
    reading = true;
    again = false;
    let wait = everyMs;
    try {
      const value = await read(signal);
      if (!signal.aborted) tell({ value, error: undefined });
    } catch (error) {
      if (!signal.aborted) tell({ error });
      if (error instanceof DeskwireError && error.retryAfter !== undefined) wait = error.retryAfter * 1_000;
    }
    reading = false;
    if (signal.aborted) return;
    // Nobody looks at a page that is hidden.
    if (again) void look();
    else if (!document.hidden) timer = setTimeout(() => void look(), wait);
  }

  const refresh = () => void look();
  const onVisible = () => {
    if (!document.hidden) refresh();
  };
  document.addEventListener('visibilitychange', onVisible);
  refresh();
  return {
    refresh,
    close() {
      document.removeEventListener('visibilitychange', onVisible);
      clearTimeout(timer);
      ended.abort();
    },
  };
}
