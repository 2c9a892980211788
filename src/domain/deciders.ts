/** The decider of every kind of stream. */
import { referenceDecider } from './reference/decider.ts';
import { roomDecider } from './room/decider.ts';
import { ticketDecider } from './ticket/decider.ts';
import { userDecider } from './user/decider.ts';

export const deciders = {
  ticket: ticketDecider,
  user: userDecider,
  room: roomDecider,
  reference: referenceDecider,
} as const;
