/**
 * Whether this process lives (`/livez`: restart it when not) and whether it can serve (`/readyz`: send it no requests when
 * not). Why a check failed goes to the log; who asks here is not known, so they are told only which.
 */
import type { Logger } from 'pino';
import { LivenessAnswer, NotReadyAnswer, ReadyAnswer } from '../answers/others.ts';
import type { App } from '../app.ts';

const tags = ['Operations'];
const CHECK_MS = 2_000;

export interface ReadinessCheck {
  readonly name: string;
  /** Resolves when all is well, rejects with why it is not. */
  check(signal: AbortSignal): Promise<void>;
}

export function healthRoutes(app: App, checks: readonly ReadinessCheck[], log: Logger): void {
  app.get(
    '/livez',
    { schema: { tags, summary: 'Tell whether this process lives', response: { 200: LivenessAnswer } } },
    () => ({ status: 'ok' }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'Tell whether this process can serve',
        response: { 200: ReadyAnswer, 503: NotReadyAnswer },
      },
    },
    async (_request, reply) => {
      const results = await Promise.all(checks.map(async (check) => [check.name, await passes(check, log)] as const));
      const ready = results.every(([, passed]) => passed);
      const answers = results.map(([name, passed]) => [name, passed ? 'ok' : 'failed'] as const);
      return reply
        .code(ready ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ status: ready ? 'ready' : 'unavailable', checks: Object.fromEntries(answers) });
    },
  );
}

async function passes(check: ReadinessCheck, log: Logger): Promise<boolean> {
  const signal = AbortSignal.timeout(CHECK_MS);
  const late = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => late.reject(signal.reason), { once: true });
  try {
    await Promise.race([check.check(signal), late.promise]);
    return true;
  } catch (error) {
    log.warn({ err: error, check: check.name }, 'readiness check failed');
    return false;
  }
}
