/** Events that a read model could not handle, each with its error. They can be retried, or skipped for good. */
import { useCallback, useEffect } from 'react';
import { AskFirst } from '../../components/ask-first.tsx';
import { Icon } from '../../components/icons.tsx';
import { usePolled } from '../../components/polled.ts';
import { useFormats, useWords } from '../../language/language.tsx';
import { Link } from '../../routing/router.tsx';
import { pathTo } from '../../routing/routes.ts';
import { useSignedIn } from '../../session/signed-in.tsx';
import type { Parked } from './model.ts';
import { useOperation } from './use-operation.ts';
import { OPERATIONS_WORDS } from './words.ts';

const PATH = '/api/v1/operations/parked';
/** Milliseconds between two requests. A change of `streams` triggers one at once. */
const POLL_INTERVAL = 5_000;

interface Props {
  /** The number of streams with parked events. */
  readonly streams: number;
  readonly onDone: () => void;
}

export function ParkedEvents({ streams, onDone }: Props) {
  const words = useWords(OPERATIONS_WORDS);
  const { client } = useSignedIn();
  const read = useCallback(
    async (signal: AbortSignal) => (await client.request<{ items: readonly Parked[] }>('GET', PATH, { signal })).items,
    [client],
  );
  const { value: items = [], refresh } = usePolled(read, POLL_INTERVAL);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another number of streams is why they are read again
  useEffect(refresh, [streams, refresh]);
  const afterOperation = useCallback(() => {
    refresh();
    onDone();
  }, [refresh, onDone]);
  const { busy, run } = useOperation(afterOperation);
  const retry = (body: { readonly projection: string; readonly stream?: string }) =>
    client.request('POST', `${PATH}/retry`, { body });
  const projections = [...new Set(items.map(({ projection }) => projection))];
  return (
    <section className="operations-part" aria-labelledby="parked-title">
      <div className="part-head">
        <h2 id="parked-title">{words.parked}</h2>
        {items.length > 1 && (
          <button
            type="button"
            className="button"
            disabled={busy}
            onClick={() => run(() => Promise.all(projections.map((projection) => retry({ projection }))))}
          >
            {words.retryAll}
          </button>
        )}
      </div>
      {items.length === 0 ? (
        <p className="card nothing muted">
          <Icon name="check" />
          <span>
            {words.noneParked}. {words.noneParkedHint}
          </span>
        </p>
      ) : (
        <ul className="card lines">
          {items.map((item) => (
            <Entry
              key={`${item.projection} ${item.stream}`}
              item={item}
              busy={busy}
              onRetry={() => run(() => retry({ projection: item.projection, stream: item.stream }))}
              onSkip={() => run(() => client.request('POST', `${PATH}/skip`, { body: skipOf(item) }))}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

function skipOf({ projection, stream, position }: Parked) {
  return { projection, stream, position };
}

interface EntryProps {
  readonly item: Parked;
  readonly busy: boolean;
  readonly onRetry: () => void;
  readonly onSkip: () => void;
}

function Entry({ item, busy, onRetry, onSkip }: EntryProps) {
  const words = useWords(OPERATIONS_WORDS);
  const formats = useFormats();
  const { projection, stream, version, type, error, attempts, events, parkedAt } = item;
  const ticketId = /^ticket\.(.+)$/.exec(stream)?.[1];
  return (
    <li className="parked" data-stream={stream}>
      <div className="parked-what">
        <h3>
          {projection}: {type}
        </h3>
        <p className="small mono">
          <bdi>
            {stream} {version}
          </bdi>
        </p>
        <p className={error === null ? 'small' : 'small parked-error'} dir="auto">
          {error ?? words.trying}
        </p>
        <p className="muted small">
          {words.attempts(attempts)} · {words.waiting(events)} · {words.since(formats.exact(parkedAt))}
          {ticketId !== undefined && (
            <>
              {' · '}
              <Link to={pathTo('/tickets/:ticketId/timeline', { ticketId })}>{words.timeline}</Link>
            </>
          )}
        </p>
      </div>
      <div className="actions">
        <button
          type="button"
          className="button"
          aria-label={words.of(words.retry, stream)}
          disabled={busy || error === null}
          onClick={onRetry}
        >
          <Icon name="refresh" />
          {words.retry}
        </button>
        <AskFirst
          action={words.skip}
          label={words.of(words.skip, stream)}
          title={words.skipTitle(type, stream)}
          text={words.skipText(projection)}
          disabled={busy}
          onConfirm={onSkip}
        >
          {words.skip}
        </AskFirst>
      </div>
    </li>
  );
}
