/** Uploads files, with progress where the platform reports it (browsers, through XMLHttpRequest). */
import { createDeferred } from './deferred.ts';
import { asError, DeskwireError, errorFrom } from './errors.ts';
import { type Http, problemIn } from './http.ts';
import type { Tokens } from './tokens.ts';
import type { Attachment } from './types.ts';

/** A file of a page, or any Blob with a name. */
export type FileToUpload = File | { readonly content: Blob; readonly name: string };

export interface UploadOptions {
  /** Called with the share that is sent, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

export interface Uploads {
  send(ticketId: string, file: FileToUpload, options?: UploadOptions): Promise<Attachment>;
}

interface ProgressEvent {
  readonly loaded: number;
  readonly total: number;
}

/** The part of the browser's XMLHttpRequest that is used here. Node, where this is compiled too, has none. */
interface Xhr {
  readonly status: number;
  readonly responseText: string;
  readonly upload: { onprogress: ((progress: ProgressEvent) => void) | null };
  timeout: number;
  onload: () => void;
  onerror: () => void;
  ontimeout: () => void;
  onabort: () => void;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  send(body: FormData): void;
  abort(): void;
}

/** Milliseconds: enough for the largest file at the speed of a slow phone. */
const TIMEOUT = 300_000;

export function createUploads({ http, tokens }: { readonly http: Http; readonly tokens: Tokens }): Uploads {
  return {
    async send(ticketId, file, { onProgress, signal } = {}) {
      const path = `/api/tickets/${encodeURIComponent(ticketId)}/chat/upload`;
      const body = new FormData();
      body.append('file', 'content' in file ? file.content : file, file.name);
      const { XMLHttpRequest: Request } = globalThis as unknown as { XMLHttpRequest?: new () => Xhr };
      if (onProgress === undefined || Request === undefined) {
        const options = { body, timeout: TIMEOUT, ...(signal !== undefined && { signal }) };
        const answer = (await http.request<Attachment>('POST', path, options)).body;
        onProgress?.(1);
        return answer;
      }
      const token = await tokens.get();
      return sendWithProgress(new Request(), { url: http.urlOf(path), token, body, onProgress, signal }).catch(
        (error: unknown) => {
          if (error instanceof DeskwireError && error.status === 401) tokens.refused(token);
          throw asError(error);
        },
      );
    },
  };
}

interface UploadRequest {
  readonly url: string;
  readonly token: string;
  readonly body: FormData;
  readonly onProgress: (share: number) => void;
  readonly signal: AbortSignal | undefined;
}

function sendWithProgress(request: Xhr, { url, token, body, onProgress, signal }: UploadRequest): Promise<Attachment> {
  const { promise, resolve, reject } = createDeferred<Attachment>();
  const abort = () => request.abort();
  request.open('POST', url);
  request.setRequestHeader('authorization', `Bearer ${token}`);
  request.timeout = TIMEOUT;
  request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
  request.onload = () => {
    if (request.status === 201) resolve(JSON.parse(request.responseText));
    else reject(errorFrom(problemIn(request.responseText), request.status));
  };
  request.onerror = () => reject(new DeskwireError('unreachable', 'The upload did not get through'));
  request.ontimeout = () => reject(new DeskwireError('unreachable', 'The upload took too long'));
  request.onabort = () => reject(new DeskwireError('closed', 'The upload was called off', { cause: signal?.reason }));
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  request.send(body);
  return promise.finally(() => signal?.removeEventListener('abort', abort));
}
