/**
 * The web pages that may call: those of the server's own origin, and those of the configured origins. A request without
 * an `Origin` comes from no page. Decision 0064.
 */
export interface Origins {
  /** Pages of any origin may call, without cookies. */
  readonly any: boolean;
  /** Whether the origin is configured by name. Only its pages may send cookies along. */
  lists(origin: string): boolean;
  /** Whether the request is from no page, from a page of the server itself, or from a page that may call. */
  allows(request: OriginHeaders): boolean;
}

/** The headers of a request with its origin and its target. */
export interface OriginHeaders {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  /** `X-Forwarded-Host`, if a trusted proxy sent it. */
  readonly forwardedHost?: string | undefined;
  /** `Sec-Fetch-Site`, which browsers set and pages cannot. It is right behind a proxy that changes `Host`, too. */
  readonly site?: string | undefined;
}

export function createOrigins(configured: readonly string[]): Origins {
  const any = configured.includes('*');
  const listed = new Set(configured.map(normalized));
  const lists = (origin: string) => listed.has(normalized(origin));
  return {
    any,
    lists,
    allows({ origin, host, forwardedHost, site }) {
      if (origin === undefined || any || site === 'same-origin' || lists(origin)) return true;
      return [host, forwardedHost].some((one) => one !== undefined && isOriginOf(one, origin));
    },
  };
}

/** The number of reported origins that are remembered. It is bounded, because anyone can invent origins. */
const MAX_REPORTED = 1_000;
const MAX_LENGTH = 200;

/** Calls `report` once for each origin, until it has been called for 1,000 of them. */
export function onceForEachOrigin(report: (origin: string) => void): (origin: string) => void {
  const reported = new Set<string>();
  return (origin) => {
    const short = origin.slice(0, MAX_LENGTH);
    if (reported.has(short) || reported.size >= MAX_REPORTED) return;
    reported.add(short);
    report(short);
  };
}

/** In lower case and without a default port, as browsers send it. Others (`null`, `app://…`) stay as they are. */
function normalized(origin: string): string {
  if (!/^https?:/i.test(origin)) return origin;
  return URL.canParse(origin) ? new URL(origin).origin : origin;
}

/** The scheme is left out: behind a proxy, the server does not know its own. */
function isOriginOf(host: string, origin: string): boolean {
  if (!/^https?:/i.test(origin) || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  const own = `${url.protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === url.host;
}
