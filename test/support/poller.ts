/**
 * A long-polling client that polls only when the test says so. It writes Engine.IO's packets by hand.
 * Source: the Engine.IO protocol, revision 4.
 */
export interface Poller {
  /** Sends one event of the namespace `/`. */
  emit(name: string, payload: object): Promise<void>;
  /** Resolves with the next events; waits when there are none. Rejects when the transport is gone. */
  poll(): Promise<{ name: string; payload: Payload }[]>;
  readonly socketId: string;
}

// biome-ignore lint/suspicious/noExplicitAny: the server sends payloads of any type
type Payload = any;

const SEPARATOR = '\u001e';

/** Connects to `/`. Resolves when the server confirms it. */
export async function startPoller(url: string, token: string): Promise<Poller> {
  const base = `${url}/socket.io/?EIO=4&transport=polling`;
  const [opened = ''] = await get(base);
  const session = `${base}&sid=${JSON.parse(opened.slice(1)).sid}`;
  await send(session, `40${JSON.stringify({ token })}`);
  let socketId = '';
  const poller: Poller = {
    emit: (name, payload) => send(session, `42${JSON.stringify([name, payload])}`),
    async poll() {
      const packets = await get(session);
      const events: { name: string; payload: Payload }[] = [];
      for (const packet of packets) {
        if (packet === '2') await send(session, '3');
        if (packet.startsWith('40')) socketId = JSON.parse(packet.slice(2)).sid;
        if (!packet.startsWith('42')) continue;
        const [name, payload] = JSON.parse(packet.slice(2));
        events.push({ name, payload });
      }
      return events;
    },
    get socketId() {
      return socketId;
    },
  };
  for (;;) if ((await poller.poll()).some(({ name }) => name === 'connected')) return poller;
}

async function get(url: string): Promise<string[]> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`polling was answered ${response.status}: ${text}`);
  return text.split(SEPARATOR);
}

async function send(url: string, packet: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: packet, headers: { 'content-type': 'text/plain' } });
  if (!response.ok) throw new Error(`sending was answered ${response.status}`);
}
