/** Tests that the console computes the same states from a timeline as the server does from the events. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { en } from '../../../console/src/language/en.ts';
import { createFormats } from '../../../console/src/language/formats.ts';
import { createPlural } from '../../../console/src/language/plural.ts';
import { linesOf } from '../../../console/src/views/timeline/fields.ts';
import { namesIn, stepsOf } from '../../../console/src/views/timeline/fold.ts';
import { TIMELINE_WORDS } from '../../../console/src/views/timeline/words.ts';
import { parseStream, type RecordedEvent } from '../../../src/domain/event.ts';
import { ticketDecider } from '../../../src/domain/ticket/decider.ts';
import type { TicketEvent } from '../../../src/domain/ticket/events.ts';
import { timelineEntryOf } from '../../../src/domain/ticket/timeline.ts';
import { GRN_RELATIONS, type Ticket, ticketOf } from '../domain/history.ts';
import { admin, agent, customer, driver, ops } from '../domain/people.ts';
import {
  add,
  assign,
  become,
  destroy,
  note,
  open,
  post,
  readUpTo,
  receipt,
  remove,
} from '../domain/ticket-commands.ts';

/** As a browser receives them. */
function toldOf(events: readonly RecordedEvent<TicketEvent>[]) {
  return JSON.parse(JSON.stringify(events.map(timelineEntryOf)));
}

function statesOf(events: readonly RecordedEvent<TicketEvent>[]) {
  let state = ticketDecider.initialState();
  return events.map((event) => {
    state = ticketDecider.evolve(state, event);
    return state;
  });
}

function wholeLife(): Ticket {
  const ticket = ticketOf(GRN_RELATIONS);
  ticket.as(agent, open({ grnId: 'grn-1', tags: ['a'] }));
  ticket.as(agent, become('pending'));
  ticket.as(ops, assign(ops));
  ticket.as(agent, add(customer));
  ticket.as(driver, post('', { messageType: 'FILE', attachments: [receipt] }));
  ticket.as(agent, note());
  ticket.as(driver, readUpTo(7));
  ticket.as(agent, remove(customer));
  ticket.as(admin, destroy);
  return ticket;
}

describe('the state after each event', () => {
  it('is the same as on the server', () => {
    const { events } = wholeLife();
    const steps = stepsOf('ticket-1', toldOf(events));
    expect(steps.map(({ after }) => after)).toEqual(statesOf(events));
    expect(steps.map(({ before }) => before)).toEqual([ticketDecider.initialState(), ...statesOf(events).slice(0, -1)]);
  });

  it.each(['ticket-full-v1.json', 'ticket-deleted-v1.json'])('is the same for old histories: %s', async (file) => {
    const text = await readFile(join(import.meta.dirname, '../../golden', file), 'utf8');
    const { events }: { events: RecordedEvent<TicketEvent>[] } = JSON.parse(text);
    const { id } = parseStream(events[0]?.stream ?? '');
    expect(stepsOf(id, toldOf(events)).map(({ after }) => after)).toEqual(statesOf(events));
  });

  it('continues from known steps', () => {
    const entries = toldOf(wholeLife().events);
    const known = stepsOf('ticket-1', entries.slice(0, 4));
    const all = stepsOf('ticket-1', entries, known);
    expect(all).toEqual(stepsOf('ticket-1', entries));
    expect(all[0]).toBe(known[0]);
  });
});

describe('the lines shown of a state', () => {
  const steps = stepsOf('ticket-1', toldOf(wholeLife().events));
  const plural = createPlural('en');
  const context = {
    texts: en(plural),
    words: TIMELINE_WORDS.en(plural),
    formats: createFormats('en'),
    names: namesIn(steps),
  };
  const linesAt = (version: number) => {
    const step = steps[version - 1];
    return step === undefined ? [] : linesOf(step.before, step.after, context);
  };

  it('mark the changed fields, with their previous values', () => {
    const changed = linesAt(2).filter(({ before }) => before !== undefined);
    expect(changed).toContainEqual({ field: 'status', label: 'Status', value: 'Pending', before: 'Open' });
    expect(changed.map(({ field }) => field).sort()).toEqual(['status', 'updated', 'version']);
  });

  it('mark nothing for the first event', () => {
    expect(linesAt(1).every(({ before }) => before === undefined)).toBe(true);
  });

  it('show users by name', () => {
    const reads = linesAt(8).find(({ field }) => field === 'reads');
    expect(reads?.value).toMatch(/john_driver: 7/);
  });
});
