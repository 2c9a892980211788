/**
 * A broker whose live events and signals misbehave as much as they are allowed to: some are lost, some come twice, some
 * late and so out of order. What is left of the order is what the sequencers have to restore.
 */
import type { Broker, EventHandler } from '../../../src/broker/port.ts';

export interface Disorder {
  /** Of each event: shares between 0 and 1. */
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

/** A small seeded generator, so that a failure can be repeated. Source: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
