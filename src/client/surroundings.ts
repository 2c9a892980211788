/** The platform functions that the library needs. They are passed in, so that tests control them. */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

export interface Surroundings {
  /** Unix time in milliseconds. */
  now(): number;
  /** At least 0, less than 1. */
  random(): number;
  /** A new id, unique across devices. */
  newId(): string;
  /** Runs a function later; the returned function cancels it. */
  after(milliseconds: number, run: () => void): () => void;
  fetch(url: string, init: RequestInit): Promise<Response>;
  openSocket(url: string, options: Partial<ManagerOptions & SocketOptions>): Socket;
  /** Calls back when the device reports that it has a network again; the returned function ends that. */
  onNetwork(run: () => void): () => void;
}

export function realSurroundings(): Surroundings {
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    newId,
    after(milliseconds, run) {
      const timer = setTimeout(run, milliseconds);
      return () => clearTimeout(timer);
    },
    fetch: (url, init) => fetch(url, init),
    openSocket: (url, options) => io(url, options),
    onNetwork(run) {
      // Only browsers have this event.
      const target = globalThis as Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>>;
      target.addEventListener?.('online', run);
      return () => target.removeEventListener?.('online', run);
    },
  };
}

/** Not `randomUUID`: browsers offer that on secure pages only. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
