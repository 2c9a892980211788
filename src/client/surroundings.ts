/** What the library needs of the world: passed in, so that tests have it in hand. */
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

export interface Surroundings {
  /** Unix time in milliseconds. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** Never the same twice, on any device. */
  newId(): string;
  /** Runs something later; the answer calls it off. */
  after(milliseconds: number, run: () => void): () => void;
  fetch(url: string, init: RequestInit): Promise<Response>;
  openSocket(url: string, options: Partial<ManagerOptions & SocketOptions>): Socket;
  /** Calls back when the device says that it has a network again; the answer ends that. */
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
      // Only browsers say so.
      const target = globalThis as Partial<Pick<EventTarget, 'addEventListener' | 'removeEventListener'>>;
      target.addEventListener?.('online', run);
      return () => target.removeEventListener?.('online', run);
    },
  };
}

/** Not `randomUUID`: browsers have that on secure pages only. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
