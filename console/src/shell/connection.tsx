/**
 * The state of the connection. After an outage of some seconds, a hint says what it means and how many messages wait to
 * be sent.
 */
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { ConnectionState } from '../../../src/client/index.ts';
import { useTexts } from '../language/language.tsx';
import { useSignedIn } from '../session/signed-in.tsx';

function useConnectionState(): ConnectionState {
  const { connection } = useSignedIn().client;
  const subscribe = useCallback((listener: () => void) => connection.on('state', listener), [connection]);
  return useSyncExternalStore(subscribe, () => connection.state);
}

export function ConnectionIndicator() {
  const texts = useTexts();
  const state = useConnectionState();
  return (
    <span className={`connection ${state}`} role="status" aria-label={texts.connection.label}>
      <span className="dot" aria-hidden="true" />
      <span>{texts.connection[state]}</span>
    </span>
  );
}

/** Milliseconds before an outage is shown: most outages are shorter. */
const HINT_AFTER = 2_000;

export function ConnectionHint() {
  const texts = useTexts();
  const { connection } = useSignedIn().client;
  const state = useConnectionState();
  const waiting = useWaiting();
  const isAway = state === 'offline' || state === 'connecting';
  const [isShown, setIsShown] = useState(false);
  useEffect(() => {
    if (!isAway) return setIsShown(false);
    const timer = setTimeout(() => setIsShown(true), HINT_AFTER);
    return () => clearTimeout(timer);
  }, [isAway]);
  return (
    <div role="status">
      {isShown && (
        <div className="connection-hint">
          <p>
            <strong>{texts.connection.offline}.</strong> {texts.connection.offlineHint}
          </p>
          {waiting > 0 && <p>{texts.connection.waiting(waiting)}</p>}
          <button type="button" className="button" onClick={() => connection.connect()}>
            {texts.connection.retry}
          </button>
        </div>
      )}
    </div>
  );
}

/** The number of messages that are not sent yet. */
function useWaiting(): number {
  const { outbox } = useSignedIn().client;
  const subscribe = useCallback((listener: () => void) => outbox.on('change', listener), [outbox]);
  return useSyncExternalStore(
    subscribe,
    () => outbox.entries.filter(({ kind, failed }) => kind === 'post' && failed === undefined).length,
  );
}
