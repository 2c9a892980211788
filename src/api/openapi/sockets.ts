/**
 * The AsyncAPI document of the sockets at `/docs/asyncapi.json`, and a page to read it at `/docs/asyncapi`: for each
 * namespace the requests with their acks, and the events. The page runs no script and loads only its style sheet.
 */
import type { AsyncApiChannel, AsyncApiDocument, AsyncApiMessage } from '../../contract/asyncapi.ts';
import type { App } from '../app.ts';

const PATH = '/docs/asyncapi';
const PAGE_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLES = `body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid #ccc; }
summary { cursor: pointer; padding: 0.2rem 0; }
code, pre { font-family: ui-monospace, monospace; font-size: 0.9rem; }
pre { background: #f5f5f5; padding: 0.75rem; overflow-x: auto; }
`;

export function describeSockets(app: App, document: AsyncApiDocument): void {
  const page = pageOf(document);
  const hidden = { schema: { hide: true } };
  app.get(`${PATH}.json`, hidden, () => document);
  app.get(`${PATH}.css`, hidden, (_request, reply) => reply.type('text/css; charset=utf-8').send(STYLES));
  app.get(PATH, hidden, (_request, reply) =>
    reply.header('content-security-policy', PAGE_SECURITY_POLICY).type('text/html; charset=utf-8').send(page),
  );
}

function pageOf({ info, channels }: AsyncApiDocument): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escaped(info.title)}</title><link rel="stylesheet" href="${PATH}.css"></head>
<body>
<h1>${escaped(info.title)}</h1>
<p>${escaped(info.description)}</p>
<p><a href="${PATH}.json">The AsyncAPI document</a>, for tools. The HTTP API is <a href="/docs">here</a>.</p>
${Object.values(channels).map(sectionOf).join('\n')}
</body>
</html>
`;
}

function sectionOf({ title, description, messages }: AsyncApiChannel): string {
  const of = (kind: string) => Object.entries(messages).filter(([key]) => key.endsWith(`.${kind}`));
  const acks = new Map(of('ack').map(([key, message]) => [key.slice(0, -'.ack'.length), message]));
  const requests = of('request').map(([, message]) => detailsOf(message, acks.get(message.name)));
  const events = of('event').map(([, message]) => detailsOf(message));
  return `<h2>${escaped(title)}</h2>
<p>${escaped(description)}</p>
<h3>A client sends</h3>
${requests.join('\n')}
<h3>A client receives</h3>
${events.join('\n')}`;
}

function detailsOf({ name, payload }: AsyncApiMessage, ack?: AsyncApiMessage): string {
  const acked = ack === undefined ? '' : `\n<p>Its ack:</p>\n${schemaOf(ack.payload)}`;
  return `<details><summary><code>${escaped(name)}</code></summary>\n${schemaOf(payload)}${acked}</details>`;
}

function schemaOf(schema: unknown): string {
  return `<pre>${escaped(JSON.stringify(schema, null, 2))}</pre>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
