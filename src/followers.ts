/** What follows the log in this process, by its roles: the relay, and the projections with their feed. */
import type pg from 'pg';
import type { BrokerConnection } from './broker/connection.ts';
import type { Broker } from './broker/port.ts';
import { createRelay, hintRelay, type Relay } from './broker/relay.ts';
import type { Role } from './config.ts';
import { renewEpoch } from './eventlog/epoch.ts';
import type { Appender, EventReader } from './eventlog/event-log.ts';
import { openSession } from './eventlog/session.ts';
import type { Logger } from './logging.ts';
import { createLogFeed } from './projections/feed.ts';
import { createRemoteWaiter, type Projections, startProjections } from './projections/projections.ts';
import type { Shutdown } from './shutdown.ts';
import type { watchParts } from './watch-parts.ts';

export interface Followers {
  readonly relay: Pick<Relay, 'leading' | 'position'>;
  readonly projections: Pick<Projections, 'status' | 'waitFor'>;
  /** The newest position of the log that this process knows of. */
  head(): number;
}

interface FollowersParts {
  readonly roles: readonly Role[];
  readonly database: { readonly connectionString: string };
  readonly pool: pg.Pool;
  readonly connection: BrokerConnection;
  readonly broker: Broker;
  readonly appender: Appender;
  readonly reader: EventReader;
  readonly watch: ReturnType<typeof watchParts>;
  readonly log: Logger;
}

export function startFollowers(parts: FollowersParts, shutdown: Shutdown): Followers {
  const { roles, database, pool, connection, appender, reader, broker, watch, log } = parts;
  const { signals } = broker;
  const relay = roles.includes('relay') ? startRelay() : hintOthers();
  if (!roles.includes('projector')) {
    const head = () => Math.max(appender.lastPosition, relay.position);
    return { relay, projections: { ...createRemoteWaiter(pool), status: () => [] }, head };
  }
  const feed = createLogFeed({ appender, reader, broker, log });
  shutdown.defer('log feed', () => feed.close());
  const projections = startProjections({ database, feed, pool, log, signals, onBatch: watch.onBatch });
  shutdown.defer('projections', () => projections.close());
  return { relay, projections, head: () => feed.head };

  function startRelay(): Relay {
    const started = createRelay({
      connection,
      signals,
      appender,
      reader,
      renewEpoch: (expected) => renewEpoch(pool, expected),
      openSession: () => openSession(database, 'deskwire relay'),
      log,
      onPublished: watch.onPublished,
    });
    shutdown.defer('relay', () => started.close());
    return started;
  }

  function hintOthers(): Followers['relay'] {
    shutdown.defer('relay hints', hintRelay({ appender, signals }));
    return { leading: false, position: 0 };
  }
}
