/** Connects to NATS at the start, so that a server that refuses us is one clear error. */
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

/** The client reports a server without TLS by the name of the option alone. */
function reasonOf(cause: unknown): string {
  const message = messageOf(cause);
  return message === 'tls' ? 'it offers no TLS' : message;
}
