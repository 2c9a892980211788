/**
 * HTTP requests with the token. They resolve with the answer or reject with a `DeskwireError`. After a 401, a request
 * is sent once more with a new token.
 */
import { asError, closedError, DeskwireError, errorFrom } from './errors.ts';
import type { Surroundings } from './surroundings.ts';
import type { Tokens } from './tokens.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface RequestOptions {
  readonly query?: object;
  /** Sent as JSON, unless it is a FormData. */
  readonly body?: unknown;
  /** The command's id. A request with the same key is the same command. */
  readonly key?: string;
  /** The version to change. The server answers `precondition_failed` if the resource has another version. */
  readonly ifRevision?: number;
  /** For queries: the position of the log that the answer must reflect at least. */
  readonly minPosition?: number;
  readonly signal?: AbortSignal;
  /** Milliseconds for the answer; 20,000 when absent. */
  readonly timeout?: number;
}

export interface Answer<T> {
  readonly body: T;
  /** The view epoch: versions of two answers compare only within the same epoch. */
  readonly epoch: string | undefined;
}

export interface Http {
  request<T>(method: Method, path: string, options?: RequestOptions): Promise<Answer<T>>;
  /** Like `request`, for answers that are not JSON. */
  fetch(method: Method, path: string, options?: RequestOptions): Promise<Response>;
  /** The URL of a path on the server, with the query. */
  urlOf(path: string, query?: object): string;
  close(): void;
}

const TIMEOUT = 20_000;

interface HttpDeps {
  /** URL of the server, without a slash at its end. */
  readonly url: string;
  readonly tokens: Tokens;
  readonly surroundings: Pick<Surroundings, 'fetch' | 'after'>;
  readonly withCredentials?: boolean;
}

export function createHttp({ url, tokens, surroundings, withCredentials }: HttpDeps): Http {
  const closing = new AbortController();

  async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
    const token = await tokens.get();
    const response = await attempt(method, path, options, token);
    if (response.status !== 401) return response;
    tokens.refused(token);
    await response.body?.cancel();
    return attempt(method, path, options, await tokens.get());
  }

  async function attempt(method: Method, path: string, options: RequestOptions, token: string): Promise<Response> {
    const { query, body, key, ifRevision, minPosition, signal, timeout = TIMEOUT } = options;
    if (closing.signal.aborted) throw closedError();
    const timedOut = new AbortController();
    const cancel = surroundings.after(timeout, () => timedOut.abort());
    const signals = [timedOut.signal, closing.signal, ...(signal === undefined ? [] : [signal])];
    const isForm = body instanceof FormData;
    try {
      const response = await surroundings.fetch(urlOf(path, query), {
        method,
        ...(withCredentials && { credentials: 'include' as const }),
        signal: AbortSignal.any(signals),
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
          ...(key !== undefined && { 'idempotency-key': key }),
          ...(ifRevision !== undefined && { 'if-match': `"${ifRevision}"` }),
          ...(minPosition !== undefined && { 'deskwire-min-position': String(minPosition) }),
        },
        ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
      });
      // The body is read within the time limit, too: it may stall as much as the head.
      const content = await response.arrayBuffer();
      return new Response(hasNoBody(response.status) ? null : content, response);
    } catch (error) {
      if (closing.signal.aborted) throw closedError(error);
      if (signal?.aborted) throw signal.reason;
      throw asError(error);
    } finally {
      cancel();
    }
  }

  async function fetchOk(method: Method, path: string, options: RequestOptions = {}): Promise<Response> {
    const response = await send(method, path, options);
    if (response.ok) return response;
    throw errorFrom(problemIn(await response.text()), response.status);
  }

  function urlOf(path: string, query: object = {}): string {
    const present = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(present.map(([name, value]) => [name, String(value)] as [string, string]));
    return url + path + (present.length === 0 ? '' : `?${search}`);
  }

  return {
    fetch: fetchOk,
    urlOf,
    async request<T>(method: Method, path: string, options: RequestOptions = {}) {
      const response = await fetchOk(method, path, options);
      const text = await response.text();
      const epoch = response.headers.get('deskwire-epoch') ?? undefined;
      try {
        return { body: (text === '' ? undefined : JSON.parse(text)) as T, epoch };
      } catch (error) {
        throw new DeskwireError('bad_answer', 'The answer is not Deskwire’s', {
          status: response.status,
          cause: error,
        });
      }
    },
    close: () => closing.abort(),
  };
}

export function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** The problem in an answer. An answer that is not a problem of ours came from a proxy, and may succeed later. */
export function problemIn(text: string): object {
  try {
    const told: unknown = JSON.parse(text);
    if (typeof told === 'object' && told !== null && 'code' in told) return told;
  } catch {
    // Not JSON: the same as any other answer that is not ours.
  }
  return { code: 'bad_answer', message: 'The answer is not Deskwire’s' };
}
