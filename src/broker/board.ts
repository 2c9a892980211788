/**
 * What processes say of themselves, for those who come later: a NATS key-value bucket in memory, whose entries vanish
 * unless they are put up again. Listeners hear a text as it is put up, by a plain subscription to the bucket's subjects;
 * so what happens to the bucket (it is deleted, or lost with the server that had it) costs newcomers what they would
 * have read there, and nobody else anything. The next text that is put up makes the bucket anew.
 *
 * The server says nothing when an entry vanishes: whoever keeps what it heard has to forget by itself.
 */
import { type KV, StorageType } from 'nats';
import type { BrokerConnection } from './broker-connection.ts';
import type { Board, BoardOptions } from './port.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Of the server's own management interface nothing but the bucket is asked for: our user may do no more. Where the bucket
 * is gone nobody says so, since our listeners hear what was meant for it: silence has to tell, and soon.
 */
const OPTIONS = { checkAPI: false, timeout: 1_000 };

export function openBoard(connection: BrokerConnection, name: string, options: BoardOptions): Board {
  const { nats, subjects, whileConnected } = connection;
  const bucket = subjects.bucket(name);
  let opening: Promise<KV> | undefined;

  const subscription = connection.subscribe(`$KV.${bucket}.>`, (payload) => {
    // Without a text it is the mark of one that was taken down.
    if (payload.length > 0) options.onPut(decoder.decode(payload));
  });

  /** The bucket, made when it is not there. */
  function opened(): Promise<KV> {
    const views = nats.jetstream(OPTIONS).views;
    opening ??= views.kv(bucket, { history: 1, ttl: options.keptFor, storage: StorageType.Memory });
    return opening;
  }

  async function use<T>(work: (kv: KV) => Promise<T>): Promise<T> {
    const attempt = opened();
    try {
      return await whileConnected(attempt.then(work));
    } catch (error) {
      // It may be gone: looked for, and made, the next time.
      if (opening === attempt) opening = undefined;
      throw error;
    }
  }

  async function readAll(kv: KV): Promise<string[]> {
    const texts: string[] = [];
    for await (const entry of await kv.history()) {
      if (entry.operation === 'PUT') texts.push(entry.string());
    }
    return texts;
  }

  return {
    ready: subscription.ready,
    put: (key, text) => use(async (kv) => void (await kv.put(subjects.token(key), encoder.encode(text)))),
    remove: (key) => use((kv) => kv.delete(subjects.token(key))),
    read: () => use(readAll),
    close: () => subscription.close(),
  };
}
