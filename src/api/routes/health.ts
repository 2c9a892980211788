/**
 * Liveness (`/livez`: restart the process when it fails) and readiness (`/readyz`: send no requests to the process when
 * it fails). The caller is unknown, so the answer only names the checks that failed; their errors go to the log.
 * Callers that come together share one run of the checks, so that nobody can load the database by asking.
 */
import type { Logger } from 'pino';
import { Liveness, NotReady, Ready } from '../../contract/health.ts';
import { sharedRun } from '../../support/shared-run.ts';
import type { App } from '../app.ts';

const tags = ['Operations'];
const CHECK_MS = 2_000;
/** Milliseconds for which the results of the checks are answered again. */
const KEEP_MS = 250;

export interface ReadinessCheck {
  readonly name: string;
  /**
   * Resolves with undefined when all is well, or with the reason for a degraded state in which requests are still
   * served. Rejects when the process cannot serve requests.
   */
  check(signal: AbortSignal): Promise<string | undefined>;
}

export function healthRoutes(app: App, checks: readonly ReadinessCheck[], log: Logger): void {
  app.get(
    '/livez',
    { schema: { tags, summary: 'Check whether this process lives', response: { 200: Liveness } } },
    (_request, reply) => {
      reply.header('cache-control', 'no-store');
      return { status: 'ok' as const };
    },
  );

  const runChecks = sharedRun(
    () => Promise.all(checks.map(async (check) => [check.name, await resultOf(check, log)] as const)),
    KEEP_MS,
  );
  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'Check whether this process can serve requests',
        response: { 200: Ready, 503: NotReady },
      },
    },
    async (_request, reply) => {
      const answers = await runChecks();
      const ready = answers.every(([, result]) => result !== 'failed');
      return reply
        .code(ready ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ status: ready ? 'ready' : 'unavailable', checks: Object.fromEntries(answers) });
    },
  );
}

async function resultOf(check: ReadinessCheck, log: Logger): Promise<'ok' | 'degraded' | 'failed'> {
  const signal = AbortSignal.timeout(CHECK_MS);
  const late = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => late.reject(signal.reason), { once: true });
  try {
    const degraded = await Promise.race([check.check(signal), late.promise]);
    if (degraded === undefined) return 'ok';
    log.warn({ check: check.name, degraded }, 'readiness check passed in a degraded state');
    return 'degraded';
  } catch (error) {
    log.warn({ err: error, check: check.name }, 'readiness check failed');
    return 'failed';
  }
}
