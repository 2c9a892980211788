/** One event (actor, time, address, message) and the ticket after it, with the changes marked. */
import { useMemo } from 'react';
import type { TimelineEntry } from '../../../../src/client/index.ts';
import { Avatar } from '../../components/avatar.tsx';
import { Icon } from '../../components/icons.tsx';
import { useFormats, useTexts, useWords } from '../../language/language.tsx';
import { linesOf } from './fields.ts';
import type { Step } from './fold.ts';
import { TIMELINE_WORDS } from './words.ts';

interface Props {
  readonly step: Step;
  /** User names by user id. */
  readonly names: ReadonlyMap<string, string>;
}

export function StepView({ step, names }: Props) {
  const words = useWords(TIMELINE_WORDS);
  const texts = useTexts();
  const formats = useFormats();
  const { entry, before, after } = step;
  const lines = useMemo(
    () => linesOf(before, after, { texts, words, formats, names }),
    [before, after, texts, words, formats, names],
  );
  return (
    <div className="timeline-step">
      <section className="card" aria-label={words.what}>
        <h2 dir="auto" className="aligned">
          {entry.summary}
        </h2>
        <MessageContent entry={entry} />
        <Circumstances entry={entry} />
      </section>
      <section className="card" aria-label={words.after}>
        <h2>{words.after}</h2>
        <dl className="state-lines">
          {lines.map(({ field, label, value, before: earlier }) => (
            <div key={field} className={earlier === undefined ? undefined : 'is-changed'} data-field={field}>
              <dt>{label}</dt>
              <dd>
                <bdi>{value}</bdi>
                {earlier !== undefined && (
                  <span className="state-before">
                    <span className="pill changed">{words.changed}</span> <bdi>{words.was(earlier)}</bdi>
                  </span>
                )}
              </dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

/** The text and files of a message. */
function MessageContent({ entry: { type, data } }: { readonly entry: TimelineEntry }) {
  const words = useWords(TIMELINE_WORDS);
  if (type !== 'MessagePosted') return null;
  const files = Array.isArray(data.attachments) ? (data.attachments as readonly { readonly name: string }[]) : [];
  return (
    <figure className={data.internal === true ? 'timeline-said is-note' : 'timeline-said'}>
      {data.internal === true && (
        <figcaption className="note-mark">
          <Icon name="lock" />
          {words.note}
        </figcaption>
      )}
      <p dir="auto">{String(data.message)}</p>
      {files.length > 0 && (
        <p className="small">
          {words.files}: <bdi>{files.map(({ name }) => name).join(', ')}</bdi>
        </p>
      )}
    </figure>
  );
}

function Circumstances({ entry }: { readonly entry: TimelineEntry }) {
  const words = useWords(TIMELINE_WORDS);
  const texts = useTexts();
  const formats = useFormats();
  const { actor, time, address, requestId, position } = entry;
  return (
    <dl className="circumstances">
      <div>
        <dt>{words.who}</dt>
        <dd className="with-face">
          <Avatar name={actor.name} size="tiny" /> <bdi>{actor.name}</bdi>
          <span className="muted">{texts.roles[actor.role]}</span>
        </dd>
      </div>
      <div>
        <dt>{words.when}</dt>
        <dd>
          <time dateTime={time}>{formats.exact(time)}</time>
        </dd>
      </div>
      <div>
        <dt>{words.where}</dt>
        <dd>
          <bdi>{address ?? words.noAddress}</bdi>
        </dd>
      </div>
      <div>
        <dt>{words.place}</dt>
        <dd>{formats.number(position)}</dd>
      </div>
      <div>
        <dt>{words.request}</dt>
        <dd className="mono">
          <bdi>{requestId}</bdi>
        </dd>
      </div>
    </dl>
  );
}
