/**
 * Limits the bytes that are sent to the server without an answer. While the server or the network hangs, the client
 * would keep all of them in memory until its pings time out. Bytes count as waiting until a PING that was sent after
 * them is answered. Bytes that were lost with a connection no longer count.
 */
import type { MsgHdrs, NatsConnection } from 'nats';

export interface OutboundBuffer {
  /** False when the limit is reached: then nothing was sent. */
  publish(subject: string, data: Uint8Array, headers: MsgHdrs): boolean;
  /** Whether the limit is reached. */
  readonly full: boolean;
}

interface OutboundBufferDeps {
  readonly nats: Pick<NatsConnection, 'publish' | 'flush'>;
  /** Bytes that may wait. */
  readonly limit: number;
  onReconnected(listener: () => void): void;
  onRefused(): void;
}

export function createOutboundBuffer({ nats, limit, onReconnected, onRefused }: OutboundBufferDeps): OutboundBuffer {
  let sent = 0;
  let accepted = 0;
  /** The PING that has no answer yet; a reconnection makes it void. */
  let confirming: object | undefined;

  function confirm(): void {
    const mine = {};
    const upTo = sent;
    confirming = mine;
    nats.flush().then(
      () => {
        if (confirming !== mine) return;
        confirming = undefined;
        accepted = upTo;
        if (sent > accepted) confirm();
      },
      () => {
        if (confirming === mine) confirming = undefined;
      },
    );
  }

  onReconnected(() => {
    confirming = undefined;
    accepted = sent;
  });

  return {
    get full() {
      return sent - accepted >= limit;
    },
    publish(subject, data, headers) {
      if (sent - accepted >= limit) {
        onRefused();
        return false;
      }
      nats.publish(subject, data, { headers });
      sent += data.length;
      // A PING for each message would cost more than the message.
      if (confirming === undefined && sent - accepted > limit / 8) confirm();
      return true;
    },
  };
}
