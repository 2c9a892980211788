/**
 * Opens the connection to NATS and composes the Broker port on top of it. This folder is the only place that knows the
 * `nats` package: a change to its successor `@nats-io/*` would change files here and nowhere else.
 *
 * The connection reconnects for ever, with jitter. It calls `onReconnected` after each reconnection, because core NATS
 * loses messages that are published meanwhile. `noEcho` is on: this process delivers its own messages to its own
 * subscribers from memory, at once, and the server sends them to other processes only.
 */
import { connect, type TlsOptions } from 'nats';
import type { Logger } from 'pino';
import type { ClusterKeys } from '../eventlog/cluster-keys.ts';
import { openBoard } from './board.ts';
import type { BrokerConnection } from './broker-connection.ts';
import { watchConnection } from './connection-state.ts';
import { followLog, sealedEvents } from './follow-log.ts';
import { createLiveEvents } from './live-events.ts';
import { createOutboundBuffer } from './outbound-buffer.ts';
import type { Broker } from './port.ts';
import { createRegistration } from './registration.ts';
import { createRequests } from './requests.ts';
import { createSeals, type Sealed } from './seal.ts';
import { createSignals } from './signals.ts';
import { subjectsOf } from './subjects.ts';
import { createSubscribe } from './subscription.ts';

export interface BrokerOptions {
  /** `nats://` or `tls://` and `[user:password@]host:port`, several separated by commas. */
  readonly url: string;
  /** A file with the certificates of the authorities that are believed; those of Node when absent. */
  readonly caFile?: string | undefined;
  /** First token of every subject, and the start of the JetStream stream's name. */
  readonly namespace: string;
  /** Shown in the server's connection list. */
  readonly name: string;
  readonly log: Logger;
  /** Bytes that may wait until the server accepts them; 8 MiB when absent. */
  readonly outboundLimit?: number;
  /** Called for each signal or question that is not sent because too many bytes wait. */
  readonly onRefused?: () => void;
  /** Seals what is sent, and what arrives must have such a seal. */
  readonly keys: ClusterKeys;
  /** Called for each message that is ignored because its seal is missing or wrong. */
  readonly onUnauthenticated?: (what: Sealed) => void;
}

const OUTBOUND_LIMIT = 8 * 1024 * 1024;

/** Rejects when no server answers within five seconds. */
export async function connectBroker(options: BrokerOptions): Promise<{ broker: Broker; connection: BrokerConnection }> {
  const { log } = options;
  const nats = await connect({
    ...parseServers(options.url),
    ...tlsOf(options),
    name: options.name,
    noEcho: true,
    // Collecting a stack trace for each request, in case it fails, costs more than the request.
    noAsyncTraces: true,
    timeout: 5_000,
    reconnect: true,
    maxReconnectAttempts: -1,
    // The client gives up for good after two refusals in a row, unless it is told not to.
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 100,
    reconnectJitter: 200,
    pingInterval: 5_000,
    maxPingOut: 2,
  });
  const state = watchConnection(nats, log);
  const { onReconnected, whileConnected } = state;
  const registration = createRegistration(nats, onReconnected);
  const connection: BrokerConnection = {
    nats,
    subjects: subjectsOf(options.namespace),
    streamName: `${options.namespace}-events`,
    log,
    outbound: createOutboundBuffer({
      nats,
      limit: options.outboundLimit ?? OUTBOUND_LIMIT,
      onReconnected,
      onRefused: () => options.onRefused?.(),
    }),
    whileConnected,
    subscribe: createSubscribe(nats, log, registration),
    seals: createSeals({ keys: options.keys, log, now: Date.now, onRefused: options.onUnauthenticated }),
  };

  const broker: Broker = {
    live: createLiveEvents(connection),
    signals: createSignals(connection, () => state.connected),
    requests: createRequests(connection, () => state.connected, registration),
    board: (name, boardOptions) => openBoard(connection, name, boardOptions),
    followEpoch: connection.seals.followEpoch,
    followLog: (position, handler) => followLog(connection, position, handler, sealedEvents(connection)),
    onReconnected,
    get connected() {
      return state.connected && !nats.isClosed();
    },
    async close() {
      state.close();
      await nats.drain().catch((error: unknown) => {
        if (!nats.isClosed()) log.warn({ err: error }, 'broker connection did not drain');
      });
      await nats.close();
    },
  };
  return { broker, connection };
}

/** Splits the URLs into addresses and the credentials of the first one: the client expects them separately. */
function parseServers(url: string): { servers: string[]; user?: string; pass?: string } {
  const urls = url.split(',').map((one) => new URL(one.trim()));
  const [first] = urls;
  return {
    servers: urls.map((one) => `${one.protocol}//${one.host}`),
    ...(first?.username ? { user: decodeURIComponent(first.username) } : {}),
    ...(first?.password ? { pass: decodeURIComponent(first.password) } : {}),
  };
}

/**
 * With `tls://` or a certificate authority, a server without TLS is refused before the password is sent. The client
 * itself would take the word of whoever answers.
 */
function tlsOf({ url, caFile }: BrokerOptions): { tls?: TlsOptions } {
  if (caFile === undefined && !/(^|,)\s*tls:/.test(url)) return {};
  return { tls: caFile === undefined ? {} : { caFile } };
}
