/** The connection to NATS that the files of this folder share. `connection.ts` opens it. */
import type { NatsConnection } from 'nats';
import type { Logger } from 'pino';
import type { OutboundBuffer } from './outbound-buffer.ts';
import type { Subscription } from './port.ts';
import type { Seals } from './seal.ts';
import type { Subjects } from './subjects.ts';

export interface BrokerConnection {
  readonly nats: NatsConnection;
  readonly subjects: Subjects;
  readonly streamName: string;
  readonly log: Logger;
  /** Sends messages that are dropped, not kept, while the server does not accept them. */
  readonly outbound: OutboundBuffer;
  /**
   * Settles as `work` does, but rejects as soon as the connection is lost: the answer to an earlier request will not
   * arrive, and its time-out is long.
   */
  whileConnected<T>(work: Promise<T>): Promise<T>;
  subscribe(subject: string, handler: (message: Arrived) => void): Subscription;
  readonly seals: Seals;
}

/** A message as it arrived: nothing of it is checked yet. */
export interface Arrived {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly seal: string | undefined;
  /** The sequence of the stored message of which this is the republished copy. */
  readonly sequence: number | undefined;
}
