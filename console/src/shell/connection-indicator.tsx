/** Whether what is shown is live, and what waits to be sent when it is not. */
import { useCallback, useSyncExternalStore } from 'react';
import { useTexts } from '../language/language.tsx';
import { useSignedIn } from '../session/signed-in.tsx';

export function ConnectionIndicator() {
  const texts = useTexts();
  const { client } = useSignedIn();
  const { connection, outbox } = client;
  const state = useSyncExternalStore(
    useCallback((listener) => connection.on('state', listener), [connection]),
    () => connection.state,
  );
  const waiting = useSyncExternalStore(
    useCallback((listener) => outbox.on('change', listener), [outbox]),
    () => outbox.entries.filter(({ kind, failed }) => kind === 'post' && failed === undefined).length,
  );
  const isAway = state === 'offline' || state === 'connecting';
  return (
    <div className={`connection ${state}`}>
      <span className="connection-state" role="status" aria-label={texts.connection.label}>
        <span className="dot" aria-hidden="true" />
        <span>{texts.connection[state]}</span>
      </span>
      {isAway && (
        <div className="connection-hint">
          <p>{texts.connection.offlineHint}</p>
          {waiting > 0 && <p>{texts.connection.waiting(waiting)}</p>}
          <button type="button" className="button" onClick={() => connection.connect()}>
            {texts.connection.retry}
          </button>
        </div>
      )}
    </div>
  );
}
