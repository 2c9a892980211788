/** Uploads the files of the message that is being written. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type Attachment, DeskwireError, type TicketHandle } from '../../../../src/client/index.ts';
import { useTexts } from '../../language/language.tsx';

export interface Failure {
  readonly text: string;
  readonly again: boolean;
}

export interface Upload {
  readonly key: number;
  readonly file: File;
  /** Only for pictures. */
  readonly previewUrl: string | undefined;
  /** From 0 to 1. */
  readonly progress: number;
  readonly attachment: Attachment | undefined;
  /** Why the upload failed, and whether a retry may succeed. */
  readonly failure: Failure | undefined;
}

export interface Uploads {
  readonly all: readonly Upload[];
  add(files: readonly File[]): void;
  retry(key: number): void;
  remove(key: number): void;
  /** Forgets all files, because a message with them was posted. */
  clear(): void;
}

const MOST_BYTES = 10 * 1_024 * 1_024;

export function useUploads(handle: TicketHandle): Uploads {
  const texts = useTexts();
  const [all, setAll] = useState<readonly Upload[]>([]);
  const running = useRef(new Map<number, AbortController>());
  const previews = useRef(new Map<number, string>());
  const lastKey = useRef(0);

  const change = useCallback((key: number, changes: Partial<Upload>) => {
    setAll((before) => before.map((one) => (one.key === key ? { ...one, ...changes } : one)));
  }, []);

  const forget = useCallback((key: number) => {
    running.current.get(key)?.abort();
    running.current.delete(key);
    const preview = previews.current.get(key);
    if (preview !== undefined) URL.revokeObjectURL(preview);
    previews.current.delete(key);
  }, []);

  const send = useCallback(
    async ({ key, file }: Pick<Upload, 'key' | 'file'>) => {
      const controller = new AbortController();
      running.current.set(key, controller);
      try {
        const attachment = await handle.upload(
          { content: file, name: file.name },
          { signal: controller.signal, onProgress: (progress) => change(key, { progress }) },
        );
        change(key, { attachment, progress: 1 });
      } catch (error) {
        if (!controller.signal.aborted) change(key, { failure: failureOf(error) });
      }
    },
    [handle, change],
  );

  const add = useCallback(
    (files: readonly File[]) => {
      const added = files.map((file): Upload => {
        lastKey.current += 1;
        const key = lastKey.current;
        const previewUrl = file.type.startsWith('image/') ? URL.createObjectURL(file) : undefined;
        if (previewUrl !== undefined) previews.current.set(key, previewUrl);
        const failure = file.size > MOST_BYTES ? { text: texts.chat.tooLarge, again: false } : undefined;
        return { key, file, previewUrl, progress: 0, attachment: undefined, failure };
      });
      setAll((before) => [...before, ...added]);
      for (const one of added) if (one.failure === undefined) void send(one);
    },
    [send, texts],
  );

  useEffect(
    () => () => {
      for (const key of [...running.current.keys(), ...previews.current.keys()]) forget(key);
    },
    [forget],
  );

  return {
    all,
    add,
    retry(key) {
      const one = all.find((upload) => upload.key === key);
      if (one === undefined) return;
      change(key, { failure: undefined, progress: 0 });
      void send(one);
    },
    remove(key) {
      forget(key);
      setAll((before) => before.filter((one) => one.key !== key));
    },
    clear() {
      for (const { key } of all) forget(key);
      setAll([]);
    },
  };
}

/** Errors after which a retry may succeed; the server's other refusals are final. */
const PASSING: ReadonlySet<string> = new Set(['unreachable', 'unavailable', 'rate_limited', 'internal', 'bad_answer']);

function failureOf(error: unknown): Failure {
  if (!(error instanceof DeskwireError)) return { text: String(error), again: true };
  return { text: error.message, again: PASSING.has(error.code) };
}
