/**
 * Listeners by event name. A listener that throws stops neither the others nor the emitter: its error is reported as
 * uncaught.
 */
import type { Unsubscribe } from './types.ts';

export interface Listenable<Events> {
  on<Name extends keyof Events>(name: Name, listener: (payload: Events[Name]) => void): Unsubscribe;
}

export interface Emitter<Events> extends Listenable<Events> {
  emit<Name extends keyof Events>(name: Name, payload: Events[Name]): void;
  clear(): void;
}

export function createEmitter<Events>(): Emitter<Events> {
  const listeners = new Map<keyof Events, Set<(payload: never) => void>>();
  return {
    on(name, listener) {
      const those = listeners.get(name) ?? new Set();
      listeners.set(name, those);
      // A wrapper of its own, so that the same function passed twice makes two listeners.
      const own = (payload: Events[typeof name]) => listener(payload);
      those.add(own);
      return () => void those.delete(own);
    },
    emit(name, payload) {
      for (const listener of [...(listeners.get(name) ?? [])]) {
        try {
          (listener as (payload: Events[typeof name]) => void)(payload);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
    clear: () => listeners.clear(),
  };
}
