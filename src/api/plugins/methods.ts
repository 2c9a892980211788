/**
 * Answers requests that match no route: 405 with `Allow` when the path has other methods, 404 when it has none. A path
 * with GET also has HEAD. OPTIONS exists only as the preflight of CORS, which `headers.ts` answers.
 *
 * Fastify matches method and path together, so the paths are matched a second time here, for these requests only.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DeskwireError } from '../../domain/errors.ts';
import type { App } from '../app.ts';

interface Path {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

type Answer = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** Must be called before any route is added. `answer` sends the problem. */
export function answerUnmatched(app: App, answer: Answer): void {
  const paths = new Map<string, Path>();
  app.addHook('onRoute', ({ url, method }) => {
    if (url === '*') return;
    const path = paths.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    paths.set(url, path);
    for (const one of [method].flat()) path.methods.add(one);
  });

  const refuse = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const [path = ''] = request.url.split('?', 1);
    const matching = [...paths.values()].filter(({ pattern }) => pattern.test(path));
    if (matching.length === 0) return answer(NOTHING_HERE, request, reply);
    const methods = [...new Set(matching.flatMap((one) => [...one.methods]))].sort();
    return answer(wrongMethod(request.method, methods), request, reply.header('allow', methods.join(', ')));
  };
  app.setNotFoundHandler(refuse);
  // Runs before the body is read, so that the type of the body does not change the answer.
  app.addHook('onRequest', (request, reply, done) => {
    if (request.is404) refuse(request, reply);
    else done();
  });
}

const NOTHING_HERE = new DeskwireError('not_found', 'There is nothing at this address');

function wrongMethod(method: string, methods: readonly string[]): DeskwireError {
  return new DeskwireError('method_not_allowed', `${method} is not possible here; ${methods.join(', ')} is`);
}

/** Matches as Fastify does: `:name` is one segment, `*` is everything, and a slash at the end is ignored. */
function patternOf(url: string): RegExp {
  const source = url
    .replace(/\/$/, '')
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/:\w+/g, '[^/]+')
    .replaceAll('*', '.*');
  return new RegExp(`^${source}/?$`);
}
