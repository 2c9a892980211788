/** The options of the parts that follow from the configuration. */
import type { ApiConfig } from '../api/api.ts';
import type { AuthDeps } from '../auth/auth.ts';
import type { GatewayOptions } from '../gateway/options.ts';
import type { Config } from './config.ts';
import type { EdgeOptions } from './edge.ts';

/** Requests of one user, and the milliseconds of event-loop delay above which requests are refused. */
const REQUEST_LIMITS = { requestsPerMinute: 6_000, loopDelay: 2_000 };
/** A benchmark is many users at one address. */
const NO_SHARES = {
  requestsInFlight: { perUser: Infinity, perNetwork: Infinity, anonymous: Infinity, anonymousPerNetwork: Infinity },
  connections: { perOwner: Infinity, total: Infinity },
};

export function apiConfigOf(config: Config): ApiConfig {
  return {
    corsOrigins: config.CORS_ORIGINS,
    trustProxy: config.TRUST_PROXY,
    ...(config.PUBLIC_URL !== undefined && { publicUrl: config.PUBLIC_URL }),
    ...(config.RATE_LIMIT === 'on' ? REQUEST_LIMITS : NO_SHARES),
  };
}

export function gatewayOptionsOf(config: Config): Partial<GatewayOptions> {
  return {
    replayLimit: config.REPLAY_LIMIT,
    outboundLimit: config.OUTBOUND_LIMIT,
    admission: { burst: 2 * config.CONNECTION_RATE, perSecond: config.CONNECTION_RATE },
    // The console's page connects from here, also behind a proxy that changes `Host`.
    corsOrigins: [
      ...config.CORS_ORIGINS,
      ...(config.PUBLIC_URL === undefined ? [] : [new URL(config.PUBLIC_URL).origin]),
    ],
    trustProxy: config.TRUST_PROXY,
    ...(config.RATE_LIMIT === 'off' && { rate: 'off', admission: 'off' }),
  };
}

/** A process takes one in a hundred of a quota at a time. */
const BLOCKS = 100;

/** The daily quotas of users. */
export function quotasOf(config: Config): Pick<EdgeOptions, 'quotas'> {
  if (config.RATE_LIMIT === 'off') return {};
  const daily = (perDay: number) => ({ perDay, block: Math.ceil(perDay / BLOCKS) });
  return { quotas: { messages: daily(config.MESSAGES_PER_DAY), roomMessages: daily(config.ROOM_MESSAGES_PER_DAY) } };
}

/** The outside identity provider, if there is one. */
export function providerOf({ JWKS_URL, JWT_ISSUER, JWT_AUDIENCE, MAX_TOKEN_AGE }: Config): Pick<AuthDeps, 'provider'> {
  if (JWKS_URL === undefined || JWT_ISSUER === undefined || JWT_AUDIENCE === undefined) return {};
  const maxTokenAge = MAX_TOKEN_AGE * 1_000;
  return { provider: { jwksUrl: JWKS_URL, issuer: JWT_ISSUER, audience: JWT_AUDIENCE, maxTokenAge } };
}
