/**
 * What goes to the server without an answer, bounded: while the server does not take it (it hangs, or the way to it does),
 * the client would keep all of it in memory until its pings go unanswered. What was sent counts as waiting until a PING
 * that followed it is answered. What is lost with a connection is not waiting any more.
 */
import type { NatsConnection } from 'nats';

export interface Outflow {
  /** False when too much waits: nothing was sent then. */
  publish(subject: string, data: Uint8Array): boolean;
  /** Whether too much waits. */
  readonly full: boolean;
}

interface Parts {
  readonly nats: Pick<NatsConnection, 'publish' | 'flush'>;
  /** Bytes that may wait. */
  readonly limit: number;
  onReconnected(listener: () => void): void;
  onRefused(): void;
}

export function createOutflow({ nats, limit, onReconnected, onRefused }: Parts): Outflow {
  let sent = 0;
  let taken = 0;
  /** The confirmation under way; a reconnection makes it void. */
  let confirming: object | undefined;

  function confirm(): void {
    const mine = {};
    const upTo = sent;
    confirming = mine;
    nats.flush().then(
      () => {
        if (confirming !== mine) return;
        confirming = undefined;
        taken = upTo;
        if (sent > taken) confirm();
      },
      () => {
        if (confirming === mine) confirming = undefined;
      },
    );
  }

  onReconnected(() => {
    confirming = undefined;
    taken = sent;
  });

  return {
    get full() {
      return sent - taken >= limit;
    },
    publish(subject, data) {
      if (sent - taken >= limit) {
        onRefused();
        return false;
      }
      nats.publish(subject, data);
      sent += data.length;
      // A PING for each message would cost more than the message.
      if (confirming === undefined && sent - taken > limit / 8) confirm();
      return true;
    },
  };
}
