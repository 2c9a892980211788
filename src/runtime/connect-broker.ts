/** Connects to NATS at the start. A server that refuses the connection is one clear error. */
import { type BrokerOptions, connectBroker } from '../broker/connection.ts';
import { messageOf, StartFailure } from '../support/start-failure.ts';

/** Rejects with a StartFailure. */
export async function connectOrFail(options: BrokerOptions): ReturnType<typeof connectBroker> {
  try {
    return await connectBroker(options);
  } catch (cause) {
    throw new StartFailure(`nats-server refuses us (${reasonOf(cause)}): check NATS_URL and NATS_CA.`, { cause });
  }
}

/** For a server without TLS, the NATS client's error has only the name of the option. */
function reasonOf(cause: unknown): string {
  const message = messageOf(cause);
  return message === 'tls' ? 'it offers no TLS' : message;
}
