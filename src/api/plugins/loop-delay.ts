/** Refuses requests with 503 while the event loop is too late to answer them in time. */
import underPressure from '@fastify/under-pressure';
import type { App } from '../app.ts';

/** `loopDelay`: milliseconds; no limit when undefined. */
export async function refuseUnderPressure(app: App, loopDelay: number | undefined): Promise<void> {
  if (loopDelay !== undefined) await app.register(underPressure, { maxEventLoopDelay: loopDelay });
}
