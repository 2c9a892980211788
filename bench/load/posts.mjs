/** Messages over REST at 64 connections, each of which sends its next one when the last one was answered. */
import autocannon from 'autocannon';
import { serveCalls } from '../support/worker.ts';

const CONNECTIONS = 64;
const TEXT = 'The pallet is still at the gate, could somebody let the driver know when it can be picked up?';

let url;
let requests;

serveCalls({
  aim(target) {
    url = target.url;
    requests = target.desks.flatMap(({ ticketId, driverToken, agentToken }) =>
      [driverToken, agentToken].map((token) => ({
        method: 'POST',
        path: `/api/tickets/${ticketId}/chat`,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ message: TEXT }),
      })),
    );
  },

  /** Posts `amount` messages, a multiple of CONNECTIONS. */
  async post(amount) {
    let connection = 0;
    const started = performance.now();
    const result = await autocannon({
      url,
      connections: CONNECTIONS,
      amount,
      timeout: 60,
      requests,
      // Each connection goes through the tickets from a place of its own.
      setupClient(client) {
        const start = Math.floor((connection++ * requests.length) / CONNECTIONS);
        client.setRequests([...requests.slice(start), ...requests.slice(0, start)]);
      },
    });
    const seconds = (performance.now() - started) / 1_000;
    if (result['2xx'] !== amount)
      throw new Error(`${result['2xx']} of ${amount} were accepted, ${result.errors} failed`);
    const { p50, p99 } = result.latency;
    return { messages: amount, seconds, p50, p99 };
  },
});
