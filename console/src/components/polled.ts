/** Reads a value again and again while the page is visible. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { DeskwireError } from '../../../src/client/index.ts';

export interface Polled<T> {
  /** The last value read. */
  readonly value: T | undefined;
  /** Why the last read failed; undefined when it succeeded. */
  readonly error: unknown;
  /** Reads it now. */
  refresh(): void;
}

/** `read`: must be the same function as long as the same value is read. */
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
  onResult: (result: { readonly value?: T; readonly error: unknown }) => void,
) {
  const ended = new AbortController();
  const { signal } = ended;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let reading = false;
  let again = false;

  async function poll(): Promise<void> {
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
      if (!signal.aborted) onResult({ value, error: undefined });
    } catch (error) {
      if (!signal.aborted) onResult({ error });
      if (error instanceof DeskwireError && error.retryAfter !== undefined) wait = error.retryAfter * 1_000;
    }
    reading = false;
    if (signal.aborted) return;
    // Polling pauses while the page is hidden.
    if (again) void poll();
    else if (!document.hidden) timer = setTimeout(() => void poll(), wait);
  }

  const refresh = () => void poll();
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
