/** The container's health check: whether its process lives. Readiness (`/readyz`) is for the proxy. */
const url = `http://127.0.0.1:${process.env.PORT || 8080}/livez`;
const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
process.exit(answer?.ok ? 0 : 1);
