/** What an operator wants to know of the broker: its version, and whether the JetStream stream is as we made it. */
import { DiscardPolicy, NatsError, RetentionPolicy, StorageType } from 'nats';
import type { BrokerConnection } from './broker-connection.ts';
import { findEventStream, holdsEpoch, MAX_EVENTS } from './event-stream.ts';

export interface BrokerFacts {
  readonly version: string;
  /** Undefined when there is none: the relay makes it. */
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
  /** Settings that are not as the relay makes them, in words. */
  readonly oddities: readonly string[];
}

const MANAGER = { checkAPI: false, timeout: 3_000 };

/** JetStream's last position; undefined when there is no stream, or the server does not tell. */
export async function publishedPosition(connection: BrokerConnection): Promise<number | undefined> {
  try {
    return (await inspectBroker(connection)).stream?.lastPosition;
  } catch (error) {
    if (error instanceof NatsError) return undefined;
    throw error;
  }
}

/** Rejects when the server has no JetStream, or does not let us ask. */
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
