/**
 * The connection to NATS and the Broker port on top of it. This folder is the only place that knows the `nats` package:
 * its successor `@nats-io/*` would change files here and nowhere else.
 *
 * The connection never gives up: it reconnects for ever, with jitter, and says so to `onReconnected`, because core NATS
 * loses what is published meanwhile. It does not echo: what this process publishes is delivered to its own
 * subscribers from memory, at once, and comes from the server only to others.
 */
import { connect, Events, type NatsConnection, type Subscription as NatsSubscription } from 'nats';
import type { Logger } from 'pino';
import type { RecordedEvent } from '../domain/event.ts';
import { openBoard } from './board.ts';
import { followLog } from './follow-log.ts';
import { createLiveEvents } from './live-events.ts';
import { createOutflow, type Outflow } from './outflow.ts';
import type { Broker, Subscription } from './port.ts';
import { createRequests } from './requests.ts';
import { createSignals } from './signals.ts';
import { type Subjects, subjectsOf } from './subjects.ts';

export interface BrokerOptions {
  /** `nats://[user:password@]host:port`, several separated by commas. */
  readonly url: string;
  /** First token of every subject, and the start of the JetStream stream's name. */
  readonly namespace: string;
  /** Shown in the server's connection list. */
  readonly name: string;
  readonly log: Logger;
  /** Bytes that may wait to be taken by the server; 8 MiB when absent. */
  readonly outboundLimit?: number;
  /** Called for each signal or question that is not sent because too much waits. */
  readonly onRefused?: () => void;
}

const OUTBOUND_LIMIT = 8 * 1024 * 1024;

/** What the parts of this folder share. */
export interface BrokerConnection {
  readonly nats: NatsConnection;
  readonly subjects: Subjects;
  readonly streamName: string;
  readonly log: Logger;
  /** For what is lost, rather than kept, while the server does not take it. */
  readonly outflow: Outflow;
  /**
   * Settles as `work` does, or rejects as soon as the connection is lost: an answer that was under way then will not
   * come, and its time-out is long.
   */
  whileConnected<T>(work: Promise<T>): Promise<T>;
  subscribe(subject: string, handler: (payload: Uint8Array, sequence: number | undefined) => void): Subscription;
}

/** Rejects when no server answers within five seconds. */
export async function connectBroker(options: BrokerOptions): Promise<{ broker: Broker; connection: BrokerConnection }> {
  const { log } = options;
  const { servers, user, pass } = parseServers(options.url);
  const nats = await connect({
    servers,
    ...(user === undefined ? {} : { user }),
    ...(pass === undefined ? {} : { pass }),
    name: options.name,
    noEcho: true,
    // A stack trace for each request, in case it fails, costs more than the request.
    noAsyncTraces: true,
    timeout: 5_000,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 200,
    pingInterval: 5_000,
    maxPingOut: 2,
  });
  let connected = true;
  const reconnectedListeners = new Set<() => void>();
  const lostListeners = new Set<() => void>();
  void watchStatus();

  /** Goes on for as long as the connection: the client never ends this iterator. */
  async function watchStatus(): Promise<void> {
    for await (const { type } of nats.status()) {
      if (type === Events.Disconnect) {
        connected = false;
        for (const listener of lostListeners) listener();
        log.warn('broker connection lost');
      } else if (type === Events.Reconnect) {
        connected = true;
        log.info('broker connection restored');
        for (const listener of reconnectedListeners) listener();
      } else if (type === Events.Error) {
        log.error('broker refused something; see its log');
      }
    }
  }

  const onReconnected = (listener: () => void) => {
    reconnectedListeners.add(listener);
    return () => void reconnectedListeners.delete(listener);
  };
  const registration = createRegistration(nats, onReconnected);
  const outflow = createOutflow({
    nats,
    limit: options.outboundLimit ?? OUTBOUND_LIMIT,
    onReconnected,
    onRefused: () => options.onRefused?.(),
  });
  const connection: BrokerConnection = {
    nats,
    outflow,
    subjects: subjectsOf(options.namespace),
    streamName: `${options.namespace}-events`,
    log,
    async whileConnected(work) {
      const lost = Promise.withResolvers<never>();
      const listener = () => lost.reject(new Error('the connection to the broker was lost'));
      lostListeners.add(listener);
      try {
        if (!connected) listener();
        return await Promise.race([work, lost.promise]);
      } finally {
        lostListeners.delete(listener);
        // The loser of the race may still fail; the winner has been reported.
        work.catch(() => undefined);
      }
    },
    subscribe(subject, handler) {
      const subscription: NatsSubscription = nats.subscribe(subject, {
        callback(error, message) {
          if (error) log.error({ err: error, subject }, 'broker subscription failed');
          else handler(message.data, sequenceOf(message.headers?.get('Nats-Sequence')));
        },
      });
      return { ready: registration(), close: () => subscription.unsubscribe() };
    },
  };

  const broker: Broker = {
    live: createLiveEvents(connection),
    signals: createSignals(connection, () => connected),
    requests: createRequests(connection, () => connected, registration),
    board: (name, options) => openBoard(connection, name, options),
    followLog: (position, handler) => followLog(connection, position, handler),
    onReconnected,
    get connected() {
      return connected && !nats.isClosed();
    },
    async close() {
      reconnectedListeners.clear();
      await nats.drain().catch((error: unknown) => {
        if (!nats.isClosed()) log.warn({ err: error }, 'broker connection did not drain');
      });
      await nats.close();
    },
  };
  return { broker, connection };
}

/** User and password of the first URL: the client takes them apart from the addresses. */
function parseServers(url: string): { servers: string[]; user?: string; pass?: string } {
  const urls = url.split(',').map((one) => new URL(one.trim()));
  const [first] = urls;
  return {
    servers: urls.map((one) => `${one.protocol}//${one.host}`),
    ...(first?.username ? { user: decodeURIComponent(first.username) } : {}),
    ...(first?.password ? { pass: decodeURIComponent(first.password) } : {}),
  };
}

function sequenceOf(header: string | undefined): number | undefined {
  return header ? Number(header) : undefined;
}

/**
 * Tells when the server knows of the subscriptions made so far: a PING that follows them is answered. Subscriptions of
 * one turn share one. A PING that went down with a connection is sent again on the next, where the client has
 * registered the subscriptions anew.
 */
function createRegistration(
  nats: NatsConnection,
  onReconnected: (listener: () => void) => () => void,
): () => Promise<void> {
  let pending: Promise<void> | undefined;

  async function registered(): Promise<void> {
    await Promise.resolve();
    pending = undefined;
    while (!nats.isClosed()) {
      if (await answeredBeforeReconnecting()) return;
    }
  }

  function answeredBeforeReconnecting(): Promise<boolean> {
    return new Promise((resolve) => {
      const forget = onReconnected(() => settle(false));
      const settle = (answered: boolean) => {
        forget();
        resolve(answered);
      };
      nats.flush().then(
        () => settle(true),
        // The connection closed under it: the loop looks whether for good.
        () => settle(false),
      );
    });
  }

  return () => {
    pending ??= registered();
    return pending;
  };
}

const decoder = new TextDecoder();

export function parseEvent(payload: Uint8Array): RecordedEvent {
  return JSON.parse(decoder.decode(payload)) as RecordedEvent;
}
