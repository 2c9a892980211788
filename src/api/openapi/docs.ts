/**
 * The HTTP API as an OpenAPI 3.1 document, made of the routes' own schemas, at `/docs/openapi.json`, and a page to read and
 * try it at `/docs`. The page's scripts and styles come from here: it works offline, and may load nothing else.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from '../app.ts';
import { withComponents } from './components.ts';
import { routeDescription } from './route-description.ts';

const PATH = '/docs';
/** The page shows images that its style sheet holds, and sets styles by script, which needs no permission. */
const PAGE_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 40">
  <text x="0" y="29" font-family="sans-serif" font-size="28" fill="white">Deskwire</text>
</svg>`;

const INFO = {
  title: 'Deskwire',
  version: '1',
  description:
    'Support tickets, ticket chat and in-app notifications. Answers show what you may see: what you may not see does not ' +
    'exist for you (404). Sockets: [AsyncAPI](/docs/asyncapi).',
};

const TAGS = [
  { name: 'Signing in', description: 'Only where Deskwire signs its users in itself' },
  { name: 'Tickets', description: 'Tickets, their conversations, their people and their history' },
  { name: 'Ticket chat', description: 'The conversation under the names of seed B' },
  { name: 'Support (seed A)', description: 'Tickets under the names of seed A' },
  { name: 'Notifications', description: 'Your inbox, and sending to others’' },
  { name: 'Users', description: 'Who there is' },
  { name: 'References', description: 'What tickets point at' },
  { name: 'Rooms', description: 'Who may enter them' },
  { name: 'Relay (seed C)', description: 'Sending to connected sockets, in every namespace; nothing of it is kept' },
  { name: 'Operations', description: 'For whoever runs it' },
];

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  link: {
    type: 'apiKey',
    in: 'query',
    name: 'signature',
    description: 'Of a link that messages carry, with its `viewer` and `expires`',
  },
} as const;

/** Must be registered before the routes that it tells of. */
export async function describeRoutes(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: INFO,
      tags: TAGS,
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    convertConstToEnum: false,
    transform: ({ schema, url, route }) => ({ url, schema: routeDescription({ schema, route }) }),
    transformObject: (given) => ('openapiObject' in given ? withComponents(given.openapiObject) : given.swaggerObject),
  });
  await app.register(swaggerUi, {
    routePrefix: PATH,
    staticCSP: PAGE_SECURITY_POLICY,
    uiConfig: { deepLinking: true, validatorUrl: null },
    theme: { title: 'Deskwire API' },
    logo: { type: 'image/svg+xml', content: LOGO },
  });
  app.get(`${PATH}/openapi.json`, { schema: { hide: true } }, () => app.swagger());
}
