/**
 * The JetStream stream that caches the log. Its sequence is the log's position, and its description names the epoch
 * whose events it holds. It is only a cache: it may be deleted at any time, and the relay backfills it from Postgres.
 */
import { DiscardPolicy, type JetStreamManager, NatsError, RetentionPolicy, StorageType, type StreamInfo } from 'nats';
import type { RecordedEvent } from '../domain/event.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { parseEvent } from './codec.ts';

/** The number of newest events that JetStream keeps. Readers that are further behind read from Postgres. */
export const MAX_EVENTS = 1_000_000;

/** JetStream's error code for a stream that does not exist. */
const STREAM_NOT_FOUND = 10059;

/** JetStream's error code for a sequence that it does not hold. */
const MESSAGE_NOT_FOUND = 10037;

const descriptionOf = (epoch: string) => `Deskwire event log, epoch ${epoch}`;

/** Undefined if the stream does not exist. */
export async function findEventStream(
  manager: JetStreamManager,
  { streamName }: BrokerConnection,
): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(streamName);
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

export function holdsEpoch(stream: StreamInfo, epoch: string): boolean {
  return stream.config.description === descriptionOf(epoch);
}

export async function createEventStream(
  manager: JetStreamManager,
  { streamName, subjects }: BrokerConnection,
  epoch: string,
): Promise<StreamInfo> {
  return manager.streams.add({
    name: streamName,
    description: descriptionOf(epoch),
    subjects: [subjects.allEvents],
    republish: { src: subjects.allEvents, dest: subjects.allLive },
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_msgs: MAX_EVENTS,
    deny_delete: true,
  });
}

/** The event at the stream's last sequence; undefined when the stream no longer keeps it. */
export async function lastEvent(
  manager: JetStreamManager,
  { streamName }: BrokerConnection,
  sequence: number,
): Promise<RecordedEvent | undefined> {
  try {
    return parseEvent((await manager.streams.getMessage(streamName, { seq: sequence })).data);
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === MESSAGE_NOT_FOUND) return undefined;
    throw error;
  }
}
