/** Commands over HTTP, as clients give them: with a key of their own and a limited patience. */
import type { ChaosNode } from '../node.ts';
import { ANSWER_PATIENCE, type Person, type Reply } from './desk.ts';

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}

/** Statuses that say nothing about the command: it may be tried again. */
const TRY_AGAIN = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Rejects when there is no answer, or one that says to try again. */
export async function ask(node: ChaosNode, by: Person, key: string, { method, path, body }: Request): Promise<Reply> {
  const response = await fetch(node.url + path, {
    method,
    headers: {
      authorization: `Bearer ${by.token}`,
      'idempotency-key': key,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWER_PATIENCE),
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
