/**
 * Keeps drafts in the browser's storage: one entry for each user and ticket, so that a draft survives a reload and no
 * user of a shared device gets another's. A sign-out removes the user's drafts.
 */
import type { Attachment } from '../../../src/client/index.ts';

export interface StoredDraft {
  readonly text: string;
  /** Whether it is an internal note. Kept with the text, so that a note never becomes a reply. */
  readonly isNote: boolean;
  readonly attachments: readonly Attachment[];
  /** Names of files whose upload had not ended. */
  readonly unfinished: readonly string[];
}

export interface DraftStore {
  get(ticketId: string): StoredDraft | undefined;
  /** Returns false when the storage refused it: the draft then lasts as long as the page. */
  put(ticketId: string, draft: StoredDraft | undefined): boolean;
  /** The ticket of a storage key, if the key is that of a draft of this user. */
  ticketOf(key: string): string | undefined;
  /** The tickets with a draft of this user. */
  tickets(): readonly string[];
  clear(): void;
}

const PREFIX = 'deskwire:draft:';

export function createDraftStore(storage: Storage, userId: string): DraftStore {
  const prefix = `${PREFIX}${encodeURIComponent(userId)}:`;
  const keys = () => Object.keys(storage).filter((key) => key.startsWith(prefix));
  return {
    get: (ticketId) => parsed(storage.getItem(prefix + ticketId)),
    put(ticketId, draft) {
      try {
        if (draft === undefined) storage.removeItem(prefix + ticketId);
        else storage.setItem(prefix + ticketId, JSON.stringify(draft));
        return true;
      } catch {
        return false;
      }
    },
    ticketOf: (key) => (key.startsWith(prefix) ? key.slice(prefix.length) : undefined),
    tickets: () => keys().map((key) => key.slice(prefix.length)),
    clear() {
      for (const key of keys()) storage.removeItem(key);
    },
  };
}

/** Drafts that end with the page. */
export function memoryDraftStore(): DraftStore {
  const kept = new Map<string, StoredDraft>();
  return {
    get: (ticketId) => kept.get(ticketId),
    put(ticketId, draft) {
      if (draft === undefined) kept.delete(ticketId);
      else kept.set(ticketId, draft);
      return false;
    },
    ticketOf: () => undefined,
    tickets: () => [...kept.keys()],
    clear: () => kept.clear(),
  };
}

/** An entry that cannot be read whole is not used: half of a note could go out as a reply. */
function parsed(stored: string | null): StoredDraft | undefined {
  try {
    const { text, isNote, attachments, unfinished } = JSON.parse(stored ?? 'null') ?? {};
    const isWhole =
      typeof text === 'string' &&
      typeof isNote === 'boolean' &&
      Array.isArray(attachments) &&
      Array.isArray(unfinished);
    return isWhole ? { text, isNote, attachments, unfinished } : undefined;
  } catch {
    return undefined;
  }
}
