/** The options of the catch-up subscriptions to streams of one kind. */
import { sleep } from '../../support/sleep.ts';
import type { ReplayedStream } from '../../telemetry/metrics.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { GatewayOptions } from '../options.ts';
import type { SubscriptionOptions } from './catch-up-subscription.ts';
import { observeSubscriptions } from './subscription-observer.ts';

export function subscriptionOptionsOf(
  options: GatewayOptions,
  telemetry: Telemetry,
  onError: (error: unknown) => void,
): (stream: ReplayedStream) => SubscriptionOptions {
  return (stream) => ({
    ...options,
    sleep: sleepUnreferenced,
    onError,
    observer: observeSubscriptions(stream, telemetry),
  });
}

/** Does not keep the process running. */
function sleepUnreferenced(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, signal, { ref: false });
}
