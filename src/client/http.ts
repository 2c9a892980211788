/** Requests with the token, and answers or a `DeskwireError`. A refused token is asked for again once. */
import { asError, closedError, DeskwireError, errorFrom } from './errors.ts';
import type { Surroundings } from './surroundings.ts';
import type { Tokens } from './tokens.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface RequestOptions {
  readonly query?: object;
  /** Sent as JSON, unless it is a FormData. */
  readonly body?: unknown;
  /** The command's id: the same one again is the same command. */
  readonly key?: string;
  /** The version that is to be changed; another one there is `precondition_failed`. */
  readonly ifVersion?: number;
  /** For reads: a position of the log that the answer must show, at least. */
  readonly minPosition?: number;
  readonly signal?: AbortSignal;
  /** Milliseconds for the answer; 20,000 when absent. */
  readonly timeout?: number;
}

export interface Answer<T> {
  readonly body: T;
  /** In which history the versions of the body count. */
  readonly epoch: string | undefined;
}

export interface Http {
  request<T>(method: Method, path: string, options?: RequestOptions): Promise<Answer<T>>;
  /** As `request`, for what is not JSON. */
  fetch(method: Method, path: string, options?: RequestOptions): Promise<Response>;
  /** With the query, on the server. */
  urlOf(path: string, query?: object): string;
  close(): void;
}

const TIMEOUT = 20_000;

interface Parts {
  /** Without a slash at its end. */
  readonly url: string;
  readonly tokens: Tokens;
  readonly surroundings: Pick<Surroundings, 'fetch' | 'after'>;
}

export function createHttp({ url, tokens, surroundings }: Parts): Http {
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
    const { query, body, key, ifVersion, minPosition, signal, timeout = TIMEOUT } = options;
    if (closing.signal.aborted) throw closedError();
    const giveUp = new AbortController();
    const callOff = surroundings.after(timeout, () => giveUp.abort());
    const signals = [giveUp.signal, closing.signal, ...(signal === undefined ? [] : [signal])];
    const isForm = body instanceof FormData;
    try {
      const response = await surroundings.fetch(urlOf(path, query), {
        method,
        signal: AbortSignal.any(signals),
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && !isForm && { 'content-type': 'application/json' }),
          ...(key !== undefined && { 'idempotency-key': key }),
          ...(ifVersion !== undefined && { 'if-match': `"${ifVersion}"` }),
          ...(minPosition !== undefined && { 'deskwire-min-position': String(minPosition) }),
        },
        ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
      });
      // Read within the time, too: a body may be held up as much as its head.
      const content = await response.arrayBuffer();
      return new Response(hasNoBody(response.status) ? null : content, response);
    } catch (error) {
      if (closing.signal.aborted) throw closedError(error);
      if (signal?.aborted) throw signal.reason;
      throw asError(error);
    } finally {
      callOff();
    }
  }

  async function fetched(method: Method, path: string, options: RequestOptions = {}): Promise<Response> {
    const response = await send(method, path, options);
    if (response.ok) return response;
    throw errorFrom(toldBy(await response.text()), response.status);
  }

  function urlOf(path: string, query: object = {}): string {
    const asked = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(asked.map(([name, value]) => [name, String(value)] as [string, string]));
    return url + path + (asked.length === 0 ? '' : `?${search}`);
  }

  return {
    fetch: fetched,
    urlOf,
    async request<T>(method: Method, path: string, options: RequestOptions = {}) {
      const response = await fetched(method, path, options);
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

/** What is not a problem of ours came from something in between: it may be better later. */
export function toldBy(text: string): object {
  try {
    const told: unknown = JSON.parse(text);
    if (typeof told === 'object' && told !== null && 'code' in told) return told;
  } catch {
    // Told below.
  }
  return { code: 'bad_answer', message: 'The answer is not Deskwire’s' };
}
