/**
 * The OpenAPI 3.1 document of the HTTP API at `/docs/openapi.json`, made from the routes' own schemas, and a page to
 * read and try it at `/docs`. The page loads its scripts and styles from this server only, so that it works offline.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from '../app.ts';
import { withComponents } from './components.ts';
import { routeDescription } from './route-description.ts';

const PATH = '/docs';
/** `data:` is for the images in the page's style sheet. Styles that a script sets need no permission. */
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
    'Support tickets, ticket chat and in-app notifications. Answers contain only what you may see; anything else is ' +
    'answered with 404. Sockets: [AsyncAPI](/docs/asyncapi).',
};

const TAGS = [
  { name: 'Signing in', description: 'Only where Deskwire signs its users in itself' },
  { name: 'Tickets', description: 'Tickets, their conversations, their people and their history' },
  { name: 'Ticket chat', description: 'The conversation under the names of seed B' },
  { name: 'Support (seed A)', description: 'Tickets under the names of seed A' },
  { name: 'Notifications', description: 'Your inbox, and sending to the inboxes of others' },
  { name: 'Users', description: 'Users, their roles and their state' },
  { name: 'References', description: 'Records of the product that tickets point at' },
  { name: 'Rooms', description: 'Chat rooms and their access' },
  { name: 'Relay (seed C)', description: 'Sending to connected sockets, in every namespace; nothing of it is kept' },
  { name: 'Operations', description: 'For operators: rebuild, pause, parked events, health' },
];

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  link: {
    type: 'apiKey',
    in: 'query',
    name: 'signature',
    description: 'Signature of a link in a message, together with its `viewer` and `expires`',
  },
} as const;

/** Must be called before the routes are added. */
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
