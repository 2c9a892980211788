/**
 * The history of a ticket: each event with its actor, time and address, and the ticket after it. A reader at the last
 * event stays at the last one while new events arrive.
 */
import { type KeyboardEvent, useEffect, useMemo, useState } from 'react';
import { Icon } from '../../components/icons.tsx';
import { Empty, Loading } from '../../components/states.tsx';
import { useTexts, useWords } from '../../language/language.tsx';
import { Link, useRouter } from '../../routing/router.tsx';
import type { Params } from '../../routing/routes.ts';
import { pathTo } from '../../routing/routes.ts';
import { useSignedIn } from '../../session/signed-in.tsx';
import { EventList } from './event-list.tsx';
import { namesIn, stepsOf } from './fold.ts';
import { StepView } from './step-view.tsx';
import { Stepper } from './stepper.tsx';
import { useTimeline } from './use-timeline.ts';
import { TIMELINE_WORDS } from './words.ts';

export default function TimelinePage({ params: { ticketId = '' } }: { readonly params: Params }) {
  const words = useWords(TIMELINE_WORDS);
  if (/^\d+$/.test(ticketId)) return <ByNumber number={ticketId} />;
  if (!/^[A-Za-z0-9-]{1,64}$/.test(ticketId)) {
    return <Empty icon="history" title={words.gone} hint={words.goneHint} />;
  }
  return <OfTicket key={ticketId} ticketId={ticketId} />;
}

/** Replaces a ticket's number in the path by its id. */
function ByNumber({ number }: { readonly number: string }) {
  const words = useWords(TIMELINE_WORDS);
  const { client } = useSignedIn();
  const { go } = useRouter();
  const [isGone, setGone] = useState(false);
  useEffect(() => {
    let wanted = true;
    client.tickets.get(number).then(
      ({ id }) => wanted && go(pathTo('/tickets/:ticketId/timeline', { ticketId: id }), 'replace'),
      () => wanted && setGone(true),
    );
    return () => {
      wanted = false;
    };
  }, [client, number, go]);
  return isGone ? <Empty icon="history" title={words.gone} hint={words.goneHint} /> : <Loading />;
}

function OfTicket({ ticketId }: { readonly ticketId: string }) {
  const words = useWords(TIMELINE_WORDS);
  const texts = useTexts();
  const { entries, status } = useTimeline(ticketId);
  const steps = useMemo(() => stepsOf(ticketId, entries), [ticketId, entries]);
  const names = useMemo(() => namesIn(steps), [steps]);
  /** Undefined means the newest event. */
  const [chosen, setChosen] = useState<number>();
  if (status === 'gone') return <Empty icon="history" title={words.gone} hint={words.goneHint} />;
  if (steps.length === 0) return <Loading />;

  const last = steps.length - 1;
  const index = Math.min(chosen ?? last, last);
  const choose = (next: number) => setChosen(next >= last ? undefined : Math.max(next, 0));
  const step = steps[index];
  const newest = steps[last]?.after;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys step through it wherever in it somebody is
    <div className="timeline" onKeyDown={(event) => stepByKey(event, index, last, choose)}>
      <header className="pane-head">
        <Link to={pathTo('/tickets/:ticketId', { ticketId })} className="button plain square" aria-label={words.back}>
          <Icon name="back" />
        </Link>
        <div className="timeline-title">
          <h1>
            {words.title} <span className="muted">{texts.tickets.number(newest?.number ?? 0)}</span>
          </h1>
          <p className="muted small one-line" dir="auto">
            {newest?.description}
          </p>
        </div>
        <span className="muted small">{words.count(steps.length)}</span>
      </header>
      <Stepper index={index} last={last} onChoose={choose} />
      <div className="timeline-parts">
        <EventList steps={steps} index={index} onChoose={choose} />
        {step !== undefined && <StepView step={step} names={names} />}
      </div>
    </div>
  );
}

/** Handles the arrow keys, Home and End, except on the slider, which handles its own keys. */
function stepByKey(event: KeyboardEvent, index: number, last: number, choose: (index: number) => void): void {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target instanceof HTMLInputElement) return;
  const forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
  const backward = forward === 'ArrowLeft' ? 'ArrowRight' : 'ArrowLeft';
  const steps: Readonly<Record<string, number>> = {
    [forward]: index + 1,
    [backward]: index - 1,
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    Home: 0,
    End: last,
  };
  const next = steps[event.key];
  if (next === undefined) return;
  event.preventDefault();
  choose(next);
}
