/**
 * Whether this process lives (`/livez`: restart it when not) and whether it can serve (`/readyz`: send it no requests when
 * not). Why a check failed goes to the log; who asks here is not known, so they are told only which.
 */
import type { Logger } from 'pino';
import { Liveness, NotReady, Ready } from '../../contract/health.ts';
import type { App } from '../app.ts';

const tags = ['Operations'];
const CHECK_MS = 2_000;

export interface ReadinessCheck {
  readonly name: string;
  /**
   * Resolves with nothing when all is well, or with what somebody should look at although requests can be served;
   * rejects with why they cannot.
   */
  check(signal: AbortSignal): Promise<string | undefined>;
}

export function healthRoutes(app: App, checks: readonly ReadinessCheck[], log: Logger): void {
  app.get(
    '/livez',
    { schema: { tags, summary: 'Tell whether this process lives', response: { 200: Liveness } } },
    () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'Tell whether this process can serve',
        response: { 200: Ready, 503: NotReady },
      },
    },
    async (_request, reply) => {
      const answers = await Promise.all(checks.map(async (check) => [check.name, await resultOf(check, log)] as const));
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
    log.warn({ check: check.name, degraded }, 'readiness check passed, but somebody should look');
    return 'degraded';
  } catch (error) {
    log.warn({ err: error, check: check.name }, 'readiness check failed');
    return 'failed';
  }
}
