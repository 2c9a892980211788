/** Sends commands over HTTP as clients do: with an idempotency key and a time-out. */
import type { ChaosNode } from '../node.ts';
import { ANSWER_TIMEOUT, type Person, type Reply } from './desk.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}

/** Statuses that leave the outcome of a command open; it may be tried again. */
const TRY_AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Rejects when there is no answer, or one that asks the client to try again. */
export async function ask(node: ChaosNode, by: Person, key: string, { method, path, body }: Request): Promise<Reply> {
  const response = await fetch(node.url + path, {
    method,
    headers: {
      authorization: `Bearer ${by.token}`,
      'idempotency-key': key,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT),
  });
  const text = await response.text();
  if (TRY_AGAIN.has(response.status)) throw new Error(`${response.status} ${text.slice(0, 200)}`);
  if (!response.ok)
    return { outcome: 'refused', detail: `${method} ${path}: ${response.status} ${text.slice(0, 200)}` };
  const answer: { id?: unknown; version?: unknown } = text === '' ? {} : JSON.parse(text);
  return {
    outcome: 'acknowledged',
    ...(typeof answer.version === 'number' && { version: answer.version }),
    ...(typeof answer.id === 'string' && { id: answer.id }),
  };
}
