/**
 * The messages that a user is writing, one for each ticket. A draft has its text, its mode (reply or internal note) and
 * its files, and keeps all three until it is sent or discarded: while another ticket is shown, over a reload, and when
 * the ticket is closed meanwhile. Uploads go on while the draft is not shown.
 *
 * The pages of a browser share drafts: the page in which the user writes stores them, the others take them over.
 */
import type { Attachment, PostMessage } from '../../../src/client/index.ts';
import type { DraftStore, StoredDraft } from './draft-store.ts';
import { sendable } from './text.ts';

/** Why a file is not attached. The view has the words. */
export type UploadFailure =
  | { readonly reason: 'too_large' | 'interrupted' }
  | { readonly reason: 'refused'; readonly error: unknown };

export interface DraftFile {
  readonly key: number;
  readonly name: string;
  /** Bytes; undefined for a file whose upload was interrupted. */
  readonly size: number | undefined;
  /** Undefined after a reload. */
  readonly file: File | undefined;
  /** Only for pictures, until a reload. */
  readonly previewUrl: string | undefined;
  /** From 0 to 1. */
  readonly progress: number;
  readonly attachment: Attachment | undefined;
  readonly failure: UploadFailure | undefined;
}

export interface DraftState {
  readonly text: string;
  readonly isNote: boolean;
  readonly files: readonly DraftFile[];
  /** False when the browser could not store it. */
  readonly isKept: boolean;
}

export interface Draft {
  readonly state: DraftState;
  on(name: 'change', listener: () => void): () => void;
  write(text: string): void;
  chooseMode(isNote: boolean): void;
  attach(files: readonly File[]): void;
  retry(key: number): void;
  remove(key: number): void;
  /** Returns the message to post, and empties the draft. The mode stays: the next text may be another note. */
  take(): PostMessage;
  /** Removes text, files and mode. */
  discard(): void;
}

export interface Drafts {
  of(ticketId: string): Draft;
  /** How many drafts have a text or a file, over all tickets. */
  unsent(): number;
  /** Another page changed this ticket's draft. */
  changedElsewhere(ticketId: string): void;
  /** Ends all uploads. What is stored stays stored. */
  close(): void;
}

/** In place of a ticket's id: the text of a ticket that is not opened yet. No ticket has this id. */
export const NEW = 'new';

export interface DraftsDeps {
  readonly store: Pick<DraftStore, 'get' | 'put' | 'tickets'>;
  /** Bytes. */
  readonly largestFile: number;
  upload(
    ticketId: string,
    file: File,
    options: { readonly signal: AbortSignal; onProgress(share: number): void },
  ): Promise<Attachment>;
  previewOf(file: File): string | undefined;
  forgetPreview(url: string): void;
}

interface OneDraft extends Draft {
  load(): void;
  close(): void;
}

export function createDrafts(deps: DraftsDeps): Drafts {
  const drafts = new Map<string, OneDraft>();
  return {
    of(ticketId) {
      const draft = drafts.get(ticketId) ?? createDraft(ticketId, deps);
      drafts.set(ticketId, draft);
      return draft;
    },
    unsent() {
      const others = deps.store.tickets().filter((ticketId) => !drafts.has(ticketId));
      const here = [...drafts.values()].map(({ state }) => storedOf(state));
      return [...here, ...others.map((ticketId) => deps.store.get(ticketId))].filter(hasContent).length;
    },
    changedElsewhere: (ticketId) => drafts.get(ticketId)?.load(),
    close() {
      for (const draft of drafts.values()) draft.close();
      drafts.clear();
    },
  };
}

function createDraft(ticketId: string, deps: DraftsDeps): OneDraft {
  const listeners = new Set<() => void>();
  const running = new Map<number, AbortController>();
  let lastKey = 0;
  let closed = false;
  let state = stateOf(deps.store.get(ticketId));

  function show(changes: Partial<DraftState>): void {
    state = { ...state, ...changes };
    for (const listener of listeners) listener();
  }

  function update(changes: Partial<DraftState>): void {
    if (closed) return;
    state = { ...state, ...changes };
    show({ isKept: deps.store.put(ticketId, storedOf(state)) });
  }

  function stateOf(stored: StoredDraft | undefined): DraftState {
    const { text = '', isNote = false, attachments = [], unfinished = [] } = stored ?? {};
    const attached = attachments.map((attachment) => fileOf({ ...attachment, attachment, progress: 1 }));
    const lost = unfinished.map((name) => fileOf({ name, failure: { reason: 'interrupted' } }));
    return { text, isNote, files: [...attached, ...lost], isKept: true };
  }

  function fileOf(known: Partial<DraftFile> & { readonly name: string }): DraftFile {
    const { name, size, file, previewUrl, progress = 0, attachment, failure } = known;
    lastKey += 1;
    return { key: lastKey, name, size, file, previewUrl, progress, attachment, failure };
  }

  function changeFile(key: number, changes: Partial<DraftFile>): void {
    const files = state.files.map((one) => (one.key === key ? { ...one, ...changes } : one));
    // Progress alone changes nothing that is stored.
    if ('progress' in changes && changes.attachment === undefined) show({ files });
    else update({ files });
  }

  /** Never rejects. */
  async function send(key: number, file: File): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    running.set(key, controller);
    try {
      const onProgress = (progress: number) => {
        if (!signal.aborted) changeFile(key, { progress });
      };
      const attachment = await deps.upload(ticketId, file, { signal, onProgress });
      if (!signal.aborted) changeFile(key, { attachment, progress: 1 });
    } catch (error) {
      if (!signal.aborted) changeFile(key, { failure: { reason: 'refused', error } });
    } finally {
      if (running.get(key) === controller) running.delete(key);
    }
  }

  function forget(files: readonly DraftFile[]): void {
    for (const { key, previewUrl } of files) {
      running.get(key)?.abort();
      if (previewUrl !== undefined) deps.forgetPreview(previewUrl);
    }
  }

  function empty(isNote: boolean): void {
    forget(state.files);
    update({ text: '', files: [], isNote });
  }

  return {
    get state() {
      return state;
    },
    on(_name, listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    write: (text) => update({ text }),
    chooseMode: (isNote) => update({ isNote }),
    attach(files) {
      const added = files.map((file) => {
        const failure = file.size > deps.largestFile ? ({ reason: 'too_large' } as const) : undefined;
        return fileOf({ name: file.name, size: file.size, file, previewUrl: deps.previewOf(file), failure });
      });
      update({ files: [...state.files, ...added] });
      for (const { key, file, failure } of added) if (file && failure === undefined) void send(key, file);
    },
    retry(key) {
      const file = state.files.find((one) => one.key === key)?.file;
      if (file === undefined) return;
      changeFile(key, { failure: undefined });
      void send(key, file);
    },
    remove(key) {
      forget(state.files.filter((one) => one.key === key));
      update({ files: state.files.filter((one) => one.key !== key) });
    },
    take() {
      const { text, isNote, files } = state;
      const attachments = files.flatMap(({ attachment }) => attachment ?? []);
      empty(isNote);
      return {
        message: sendable(text),
        ...(attachments.length > 0 && { attachments, messageType: typeOf(attachments) }),
        ...(isNote && { internal: true }),
      };
    },
    discard: () => empty(false),
    load() {
      // An upload of this page is not in the storage, so the page that uploads keeps its own draft.
      if (running.size > 0) return;
      forget(state.files);
      show(stateOf(deps.store.get(ticketId)));
    },
    close() {
      closed = true;
      forget(state.files);
      listeners.clear();
    },
  };
}

function storedOf({ text, isNote, files }: DraftState): StoredDraft | undefined {
  if (text === '' && !isNote && files.length === 0) return undefined;
  return {
    text,
    isNote,
    attachments: files.flatMap(({ attachment }) => attachment ?? []),
    unfinished: files.flatMap(({ attachment, name }) => (attachment === undefined ? [name] : [])),
  };
}

/** A mode alone is nothing that anybody would miss. */
function hasContent(draft: StoredDraft | undefined): boolean {
  return draft !== undefined && (draft.text !== '' || draft.attachments.length + draft.unfinished.length > 0);
}

function typeOf(attachments: readonly Attachment[]): 'IMAGE' | 'FILE' {
  return attachments.every(({ mimeType }) => mimeType.startsWith('image/')) ? 'IMAGE' : 'FILE';
}
