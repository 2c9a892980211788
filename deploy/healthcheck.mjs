/** The container's health: whether the process in it lives. Whether it can serve, `/readyz`, is the proxy's question. */
const url = `http://127.0.0.1:${process.env.PORT || 8080}/livez`;
const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
process.exit(answer?.ok ? 0 : 1);
