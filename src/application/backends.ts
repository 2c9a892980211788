/**
 * The backends of the use cases: actors, read models and the log. An `Application` carries them under a key that stays
 * in this file, and only use cases may import this file: the API and the gateway reach a backend through a use case.
 */
import type { ActorSystem } from '../actors/actor-system.ts';
import type { EventReader } from '../eventlog/event-log.ts';
import type { RequestKeys } from '../eventlog/request-keys.ts';
import type { Queries } from '../projections/queries/queries.ts';
import type { Quotas } from './quotas.ts';

export interface Backends {
  readonly actors: ActorSystem;
  readonly queries: Queries;
  readonly history: Pick<EventReader, 'readStream' | 'readCommand'>;
  readonly requestKeys: RequestKeys;
  /** A number that no ticket has had: 1, 2, … The number is lost when its ticket is then refused. */
  readonly nextTicketNumber: () => Promise<number>;
  readonly quotas: Quotas;
}

const BACKENDS = Symbol('backends');

export interface WithBackends {
  readonly [BACKENDS]: Backends;
}

export function withBackends(backends: Backends): WithBackends {
  return { [BACKENDS]: backends };
}

export function backendsOf(application: WithBackends): Backends {
  return application[BACKENDS];
}
