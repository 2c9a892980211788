/**
 * A board holds what processes publish about themselves: a NATS key-value bucket in memory, whose entries expire unless
 * they are published again. Listeners receive a text when it is published, through a plain subscription to the bucket's
 * subjects. So if the bucket is deleted, or lost with its server, only processes that start later miss its entries. The
 * next publication creates the bucket again.
 *
 * The server sends nothing when an entry expires: a listener that keeps entries has to expire them itself.
 */
import { type KV, StorageType } from 'nats';
import type { BrokerConnection } from './broker-connection.ts';
import type { Board, BoardOptions } from './port.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * No check of the JetStream API: our NATS user may only use the bucket. A write to a missing bucket gives no error,
 * because our own listeners receive the message. Only the time-out shows it, so the time-out is short.
 */
const OPTIONS = { checkAPI: false, timeout: 1_000 };

export function openBoard(connection: BrokerConnection, name: string, options: BoardOptions): Board {
  const { nats, subjects, seals, whileConnected } = connection;
  const bucket = subjects.bucket(name);
  let opening: Promise<KV> | undefined;

  const subscription = connection.subscribe(`$KV.${bucket}.>`, ({ subject, payload }) => {
    // An empty payload marks a removed entry.
    if (payload.length === 0) return;
    const text = opened(subject.slice('$KV.'.length), decoder.decode(payload));
    if (text !== undefined) options.onPut(text);
  });

  /** The entry of a place, `<bucket>.<key>`: its seal, and in the next line the text. The client sets no headers. */
  function entryOf(place: string, text: string): Uint8Array {
    return encoder.encode(`${seals.notice(place, encoder.encode(text))}\n${text}`);
  }

  /** The text of an entry; undefined if its seal is not ours. */
  function opened(place: string, entry: string): string | undefined {
    const end = entry.indexOf('\n');
    const text = entry.slice(end + 1);
    return seals.acceptNotice(place, encoder.encode(text), entry.slice(0, Math.max(0, end))) ? text : undefined;
  }

  /** The bucket; created when it does not exist. */
  function bucketOpened(): Promise<KV> {
    const views = nats.jetstream(OPTIONS).views;
    opening ??= views.kv(bucket, { history: 1, ttl: options.keptFor, storage: StorageType.Memory });
    return opening;
  }

  async function use<T>(work: (kv: KV) => Promise<T>): Promise<T> {
    const attempt = bucketOpened();
    try {
      return await whileConnected(attempt.then(work));
    } catch (error) {
      // The bucket may be gone: the next use creates it again.
      if (opening === attempt) opening = undefined;
      throw error;
    }
  }

  async function readAll(kv: KV): Promise<string[]> {
    const texts: string[] = [];
    for await (const entry of await kv.history()) {
      const text = entry.operation === 'PUT' ? opened(`${bucket}.${entry.key}`, entry.string()) : undefined;
      if (text !== undefined) texts.push(text);
    }
    return texts;
  }

  return {
    ready: subscription.ready,
    put(key, text) {
      const token = subjects.token(key);
      return use(async (kv) => void (await kv.put(token, entryOf(`${bucket}.${token}`, text))));
    },
    remove: (key) => use((kv) => kv.delete(subjects.token(key))),
    read: () => use(readAll),
    close: () => subscription.close(),
  };
}
