/**
 * Facts about the broker for operators: its version, and whether the JetStream stream still has the relay's settings.
 */
import { DiscardPolicy, NatsError, RetentionPolicy, StorageType } from 'nats';
import type { BrokerConnection } from './broker-connection.ts';
import { findEventStream, holdsEpoch, MAX_EVENTS } from './event-stream.ts';

export interface BrokerFacts {
  readonly version: string;
  /** Undefined if it does not exist; the relay creates it. */
  readonly stream: EventStreamFacts | undefined;
}

export interface EventStreamFacts {
  readonly name: string;
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly bytes: number;
  readonly replicas: number;
  /** Whether it holds the events of this epoch. */
  holds(epoch: string): boolean;
  /** Settings that differ from the relay's, in words. */
  readonly oddities: readonly string[];
}

const MANAGER = { checkAPI: false, timeout: 3_000 };

/** JetStream's last position; undefined if there is no stream or the server answers with an error. */
export async function publishedPosition(connection: BrokerConnection): Promise<number | undefined> {
  try {
    return (await inspectBroker(connection)).stream?.lastPosition;
  } catch (error) {
    if (error instanceof NatsError) return undefined;
    throw error;
  }
}

/** Rejects when the server has no JetStream, or denies our user its API. */
export async function inspectBroker(connection: BrokerConnection): Promise<BrokerFacts> {
  const manager = await connection.nats.jetstreamManager(MANAGER);
  const version = connection.nats.info?.version ?? 'unknown';
  const info = await findEventStream(manager, connection);
  if (info === undefined) return { version, stream: undefined };
  const { config, state } = info;
  const { allEvents, allLive } = connection.subjects;
  const oddities = [
    config.storage !== StorageType.File && 'its storage is not file',
    config.retention !== RetentionPolicy.Limits && 'its retention is not by limits',
    config.discard !== DiscardPolicy.Old && 'it does not discard the oldest',
    config.max_msgs !== MAX_EVENTS && `it keeps ${config.max_msgs} events, not ${MAX_EVENTS}`,
    config.max_age > 0 && 'it drops events by age',
    config.max_bytes > 0 && 'it drops events by size',
    config.subjects.join() !== allEvents && `its subjects are ${config.subjects.join()}, not ${allEvents}`,
    config.republish?.dest !== allLive && `it does not republish to ${allLive}`,
    config.deny_delete !== true && 'its messages can be deleted',
  ].filter((oddity) => oddity !== false);
  return {
    version,
    stream: {
      name: config.name,
      firstPosition: state.first_seq,
      lastPosition: state.last_seq,
      bytes: state.bytes,
      replicas: config.num_replicas,
      holds: (epoch) => holdsEpoch(info, epoch),
      oddities,
    },
  };
}
