/**
 * The state of the system (the log, the read models, parked events, connected clients) and the admin's actions on it.
 */
import { useCallback, useEffect, useState } from 'react';
import { usePolled } from '../../components/polled.ts';
import { Loading } from '../../components/states.tsx';
import { useFormats, useWords } from '../../language/language.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';
import { Clients } from './clients.tsx';
import { type OperationsView, ratesOf, type Sample, staysBehind, withSample } from './model.ts';
import { ParkedEvents } from './parked.tsx';
import { Projections } from './projections.tsx';
import { Sparkline } from './sparkline.tsx';
import { OPERATIONS_WORDS } from './words.ts';

const PATH = '/api/v1/operations';
/** Milliseconds between two requests. */
const POLL_INTERVAL = 1_000;

export default function OperationsPage() {
  const words = useWords(OPERATIONS_WORDS);
  const { client } = useSignedIn();
  const read = useCallback((signal: AbortSignal) => client.request<OperationsView>('GET', PATH, { signal }), [client]);
  const { value: view, error, refresh } = usePolled(read, POLL_INTERVAL);
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (view !== undefined) setSamples((known) => withSample(known, view));
  }, [view]);
  return (
    <div className="operations">
      <header className="pane-head">
        <h1>{words.title}</h1>
        <span role="status">
          {error !== undefined && (
            <span className="problem" dir="auto">
              {words.stale(error instanceof Error ? error.message : String(error))}
            </span>
          )}
        </span>
      </header>
      {view === undefined ? (
        <Loading />
      ) : (
        <>
          <Figures view={view} samples={samples} />
          <Projections projections={view.projections} samples={samples} onDone={refresh} />
          <ParkedEvents
            streams={view.projections.reduce((sum, { serving }) => sum + (serving?.parked.streams ?? 0), 0)}
            onDone={refresh}
          />
          <Clients />
        </>
      )}
    </div>
  );
}

function Figures({ view, samples }: { readonly view: OperationsView; readonly samples: readonly Sample[] }) {
  const words = useWords(OPERATIONS_WORDS);
  const { number } = useFormats();
  const rates = ratesOf(samples);
  const last = samples.at(-1);
  const relayLag = view.relay?.lag;
  const relayLags = samples.map((sample) => sample.relayLag);
  const projectionLags = samples.map((sample) => sample.projectionLag);
  const projectionLag = last?.projectionLag ?? 0;
  return (
    <section className="figures" aria-label={words.figures}>
      <div className="card figure">
        <h2>{words.position}</h2>
        <p className="figure-value">{number(view.position)}</p>
        <p className="muted small one-line" dir="auto">
          {words.positionHint(view.epoch)}
        </p>
      </div>
      <Sparkline label={words.rate} value={number(Math.round(rates.at(-1) ?? 0))} values={rates} tone="calm" />
      <Sparkline
        label={words.relayLag}
        value={relayLag === undefined ? words.unknown : words.events(relayLag)}
        values={relayLags}
        tone={staysBehind(relayLags) ? 'warn' : 'calm'}
      />
      <Sparkline
        label={words.projectionLag}
        value={words.events(projectionLag)}
        values={projectionLags}
        tone={staysBehind(projectionLags) ? 'warn' : 'calm'}
      />
    </section>
  );
}
