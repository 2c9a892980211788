/** Each read model: its state, its rebuild if there is one, and the actions on it. */

import type { Method } from '../../../../src/client/index.ts';
import { AskFirst } from '../../components/ask-first.tsx';
import { Icon } from '../../components/icons.tsx';
import { useFormats, useWords } from '../../language/language.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';
import { type Build, type Projection, progressOf, type Sample, standingOf } from './model.ts';
import { useOperation } from './use-operation.ts';
import { OPERATIONS_WORDS } from './words.ts';

interface Props {
  readonly projections: readonly Projection[];
  readonly samples: readonly Sample[];
  readonly onDone: () => void;
}

export function Projections({ projections, samples, onDone }: Props) {
  const words = useWords(OPERATIONS_WORDS);
  return (
    <section className="operations-part" aria-labelledby="projections-title">
      <h2 id="projections-title">{words.projections}</h2>
      <ul className="card lines">
        {projections.map((projection) => (
          <li key={projection.name} className="projection" data-projection={projection.name}>
            <Standing projection={projection} />
            <Actions projection={projection} onDone={onDone} />
            {projection.next !== undefined && (
              <Rebuild build={projection.next} projection={projection} samples={samples} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Standing({ projection }: { readonly projection: Projection }) {
  const words = useWords(OPERATIONS_WORDS);
  const formats = useFormats();
  const { name, version, serving } = projection;
  const standing = standingOf(projection);
  return (
    <div className="projection-action">
      <h3>{name}</h3>
      <span className={`pill is-${standing}`}>{words.standing[standing]}</span>
      {serving !== undefined && (
        <p className="muted small">
          {words.at(formats.number(serving.position))}
          {serving.lag > 0 && <> · {words.behind(serving.lag)}</>} · {formats.size(serving.bytes)} ·{' '}
          {words.version(formats.number(version))}
        </p>
      )}
    </div>
  );
}

function Actions({ projection, onDone }: { readonly projection: Projection; readonly onDone: () => void }) {
  const words = useWords(OPERATIONS_WORDS);
  const { client } = useSignedIn();
  const { busy, run } = useOperation(onDone);
  const { name, serving, next, previous } = projection;
  const operation = (method: Method, action: string) => () =>
    run(() => client.request(method, `/api/v1/operations/projections/${encodeURIComponent(name)}/${action}`));
  const rebuild = next === undefined ? words.rebuild : words.goOn;
  return (
    <div className="actions">
      {next?.running !== true && (
        <button
          type="button"
          className="button"
          aria-label={words.of(rebuild, name)}
          disabled={busy}
          onClick={operation('POST', 'rebuild')}
        >
          <Icon name="refresh" />
          {rebuild}
        </button>
      )}
      {next !== undefined && (
        <AskFirst
          action={words.giveUp}
          label={words.of(words.giveUp, name)}
          title={words.giveUpTitle(name)}
          text={words.giveUpText}
          disabled={busy}
          onConfirm={operation('DELETE', 'rebuild')}
        >
          {words.giveUp}
        </AskFirst>
      )}
      {previous !== undefined && next === undefined && (
        <AskFirst
          action={words.rollBack}
          label={words.of(words.rollBack, name)}
          title={words.rollBackTitle(name)}
          text={words.rollBackText}
          disabled={busy}
          onConfirm={operation('POST', 'rollback')}
        >
          {words.rollBack}
        </AskFirst>
      )}
      {serving !== undefined && (
        <button
          type="button"
          className="button"
          aria-label={words.of(serving.paused ? words.resume : words.pause, name)}
          disabled={busy}
          onClick={operation('POST', serving.paused ? 'resume' : 'pause')}
        >
          {serving.paused ? words.resume : words.pause}
        </button>
      )}
    </div>
  );
}

interface RebuildProps {
  readonly build: Build & { readonly running: boolean };
  readonly projection: Projection;
  readonly samples: readonly Sample[];
}

function Rebuild({ build, projection: { name, head }, samples }: RebuildProps) {
  const words = useWords(OPERATIONS_WORDS);
  const formats = useFormats();
  const { fraction, rate, secondsLeft } = progressOf(samples, name, build, head);
  const state = build.running ? words.rebuilding : words.interrupted;
  const reached = words.progress(formats.percent(fraction), formats.number(build.position), formats.number(head));
  return (
    <div className="rebuild">
      <progress max={1} value={fraction} aria-label={words.of(state, name)}>
        {formats.percent(fraction)}
      </progress>
      <p className="small">
        <strong>{state}</strong> {reached}
        {build.running && rate !== undefined && rate > 0 && <> · {words.perSecond(formats.number(Math.round(rate)))}</>}
        {build.running && fraction < 1 && secondsLeft !== undefined && (
          <> · {words.left(formats.duration(secondsLeft))}</>
        )}
        {build.running && fraction === 1 && <> · {words.swapping}</>}
      </p>
    </div>
  );
}
