/** A server and a browser for a test file. After each test, no page may have reported a problem. */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { startServer } from '../../conformance/server.ts';
import { type Devices, openDevices } from './pages.ts';

export interface Desk {
  readonly url: string;
  readonly devices: Devices;
}

/** `start`: starts the server; as `npm start` does when absent. */
export function prepareDesk(start: () => Promise<{ readonly url: string } & AsyncDisposable> = startServer): Desk {
  let parts: AsyncDisposableStack | undefined;
  let url: string | undefined;
  let devices: Devices | undefined;
  beforeAll(async () => {
    parts = new AsyncDisposableStack();
    devices = parts.use(await openDevices());
    ({ url } = parts.use(await start()));
  });
  afterEach(() => expect(devices?.takeProblems() ?? []).toEqual([]));
  afterAll(() => parts?.disposeAsync());
  return {
    get url() {
      return needed(url);
    },
    get devices() {
      return needed(devices);
    },
  };
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The desk has not started yet');
  return value;
}
