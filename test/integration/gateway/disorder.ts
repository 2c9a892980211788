/**
 * A broker with all disorder that its port allows: some live events and inbox signals are lost, some come twice, and
 * some come late and so out of order.
 */
import type { Broker, EventHandler } from '../../../src/broker/port.ts';

export interface Disorder {
  /** The probability for each event, from 0 to 1. */
  readonly lose: number;
  readonly double: number;
  readonly delay: number;
  /** A number in [0, 1). */
  random(): number;
}

export function disorderly(broker: Broker, disorder: Disorder): Broker {
  function mangle<T>(handler: (value: T) => void): (value: T) => void {
    const once = (value: T) => {
      if (disorder.random() < disorder.delay) setTimeout(handler, disorder.random() * 30, value);
      else handler(value);
    };
    return (value) => {
      if (disorder.random() < disorder.lose) return;
      once(value);
      if (disorder.random() < disorder.double) once(value);
    };
  }

  return {
    ...broker,
    get connected() {
      return broker.connected;
    },
    live: {
      ...broker.live,
      subscribe: (stream, handler: EventHandler) => broker.live.subscribe(stream, mangle(handler)),
    },
    signals: {
      publish: broker.signals.publish,
      subscribe: (topic, handler) => broker.signals.subscribe(topic, topic[0] === 'inbox' ? mangle(handler) : handler),
    },
  };
}

/** A seeded generator of random numbers, so that a failure can be repeated. Source: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
