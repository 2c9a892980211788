/** Subscriptions to one NATS subject. JetStream's republish adds the sequence of the stored message as a header. */
import type { NatsConnection } from 'nats';
import type { Logger } from 'pino';
import type { BrokerConnection } from './broker-connection.ts';
import { SEAL } from './seal.ts';

export function createSubscribe(
  nats: NatsConnection,
  log: Logger,
  registration: () => Promise<void>,
): BrokerConnection['subscribe'] {
  return (subject, handler) => {
    const subscription = nats.subscribe(subject, {
      callback(error, message) {
        if (error) {
          log.error({ err: error, subject }, 'broker subscription failed');
          return;
        }
        const { headers } = message;
        handler({
          subject: message.subject,
          payload: message.data,
          seal: headers?.get(SEAL),
          sequence: sequenceOf(headers?.get('Nats-Sequence')),
        });
      },
    });
    return { ready: registration(), close: () => subscription.unsubscribe() };
  };
}

function sequenceOf(header: string | undefined): number | undefined {
  return header ? Number(header) : undefined;
}
