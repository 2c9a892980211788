/** The audit timeline of a ticket. Source: docs/protocol.md section 8. */
import type { Static } from 'typebox';
import { anyObject, closed, count, countOrNull, described, listOf, text, textOrNull, time } from './schema.ts';
import { actor } from './user.ts';

export const TimelineEntry = closed(
  {
    version: count,
    position: described(count, 'In the whole log'),
    id: text,
    type: text,
    time,
    actor: described(actor, 'Who did it, as they were then'),
    address: described(textOrNull, 'Where they were'),
    requestId: text,
    summary: text,
    data: described(anyObject, 'What changed'),
  },
  { title: 'TimelineEntry' },
);
export type TimelineEntry = Static<typeof TimelineEntry>;

export const Timeline = closed(
  {
    items: described(listOf(TimelineEntry), 'Oldest first'),
    nextAfter: described(countOrNull, 'Send it as `after` for the next page; null on the last'),
  },
  { description: 'What happened to the ticket' },
);
