/** What the operations view says. */
import { createPlural } from '../../language/plural.ts';
import type { Words } from '../../language/words.ts';
import { operationsInArabic } from './words-ar.ts';

const plural = createPlural('en');

const en = {
  title: 'Operations',
  stale: (why: string) => `Not up to date: ${why}`,
  figures: 'Log and lag',
  position: 'Log position',
  positionHint: (epoch: string) => `Epoch ${epoch}`,
  rate: 'Events per second',
  relayLag: 'Relay lag',
  projectionLag: 'Read model lag',
  unknown: 'Unknown',
  events: (count: number) => plural(count, { one: '# event', other: '# events' }),
  range: (least: string, most: string, time: string) => `Between ${least} and ${most} in the last ${time}`,

  projections: 'Read models',
  standing: {
    absent: 'Not built',
    stopped: 'Not running',
    paused: 'Paused',
    parked: 'Events parked',
    behind: 'Catching up',
    level: 'Up to date',
  },
  at: (position: string) => `at ${position}`,
  behind: (count: number) => plural(count, { one: '# event behind', other: '# events behind' }),
  version: (version: string) => `version ${version}`,
  rebuild: 'Rebuild',
  goOn: 'Go on with the rebuild',
  giveUp: 'Give up',
  giveUpTitle: (name: string) => `Give up the rebuild of ${name}?`,
  giveUpText: 'What it has filled so far is thrown away. What serves now goes on serving.',
  rollBack: 'Roll back',
  rollBackTitle: (name: string) => `Bring back the ${name} of before?`,
  rollBackText: 'What served before the last rebuild is brought up to date and serves again.',
  pause: 'Pause',
  resume: 'Resume',
  of: (action: string, name: string) => `${action}: ${name}`,
  rebuilding: 'Rebuilding',
  interrupted: 'Rebuild interrupted',
  progress: (percent: string, position: string, head: string) => `${percent}, ${position} of ${head} events`,
  perSecond: (rate: string) => `${rate} events per second`,
  left: (time: string) => `${time} left`,
  swapping: 'about to take over',

  parked: 'Parked events',
  noneParked: 'No event is parked',
  noneParkedHint: 'Events that a read model cannot handle would wait here.',
  retry: 'Retry',
  retryAll: 'Retry all',
  skip: 'Skip',
  skipTitle: (type: string, stream: string) => `Skip ${type} of ${stream}?`,
  skipText: (name: string) =>
    `The ${name} will never show what this event says, until they are rebuilt. The event stays in the log; those behind it are handled.`,
  trying: 'Being tried again',
  attempts: (count: number) => plural(count, { one: '# attempt', other: '# attempts' }),
  waiting: (count: number) => plural(count, { one: '# event waits', other: '# events wait' }),
  timeline: 'Timeline',

  clients: 'Connected clients',
  connections: (count: number) => plural(count, { one: '# socket', other: '# sockets' }),
  users: (count: number) => plural(count, { one: '# user', other: '# users' }),
  nodes: (count: number) => plural(count, { one: '# process', other: '# processes' }),
  up: (time: string) => `up for ${time}`,
  noClients: 'Nobody is connected',
  since: (time: string) => `since ${time}`,
  inRooms: (count: number) => plural(count, { one: 'in # room', other: 'in # rooms' }),
  kick: 'Disconnect',
  kickTitle: (name: string) => `Disconnect ${name}?`,
  kickText: 'Every socket of the connection is closed. Whoever is behind it may connect again.',
  more: 'Show more',
  you: 'you',
};

export type OperationsWords = typeof en;

export const OPERATIONS_WORDS: Words<OperationsWords> = { en, ar: operationsInArabic };
