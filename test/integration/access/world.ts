/**
 * A whole node with somebody of every role signed in to it, over HTTP and with a socket in every namespace: where tests
 * that go over everything there is begin. Few connections: one per role and namespace, kept for the whole file.
 */
import type { RouteOptions } from 'fastify';
import { ROLES, type Role } from '../../../src/domain/user/identity.ts';
import { DIALECTS } from '../../../src/gateway/dialects/all.ts';
import { catalogOf } from '../../../src/gateway/dialects/catalog.ts';
import { CAST_PASSWORD, type Cast, createCast, emailOf } from '../../support/cast.ts';
import { type Client, clientOf } from '../api/rig.ts';
import { type Listener, listen, type Node, startNode, startServices } from '../gateway/rig.ts';

export const CATALOG = catalogOf(DIALECTS);
export const NAMESPACES = [...CATALOG.keys()];

export interface World extends AsyncDisposable {
  readonly node: Node;
  readonly cast: Cast;
  /** Every route, but the files of the page at `/docs`. */
  readonly routes: readonly RouteOptions[];
  readonly anonymous: Client;
  client(who: Role | 'colleague' | 'outsider'): Client;
  socket(role: Role, namespace: string): Listener;
}

export const OPEN_ROOM = 'cast-open';
/** The driver is its only member. */
export const PRIVATE_ROOM = 'cast-private';

export async function startWorld(): Promise<World> {
  await using parts = new AsyncDisposableStack();
  const services = parts.use(await startServices());
  const routes: RouteOptions[] = [];
  const node = parts.use(await startNode(services, { onRoute: (route) => void routes.push(route) }));
  const cast = await createCast(node);
  const anonymous = clientOf(node.url);
  const clients = new Map<string, Client>();
  for (const who of [...ROLES, 'colleague', 'outsider'] as const) {
    const credentials = { email: emailOf(who), password: CAST_PASSWORD };
    const { body } = await anonymous.send('POST', '/api/v1/auth/login', credentials);
    clients.set(who, clientOf(node.url, body.access_token));
  }
  const client: World['client'] = (who) => found(clients, who);
  await client('admin').send('PUT', `/api/v1/rooms/${OPEN_ROOM}`, { private: false });
  await client('admin').send('PUT', `/api/v1/rooms/${PRIVATE_ROOM}`, { private: true, members: ['cast-driver'] });

  const sockets = new Map<string, Listener>();
  for (const role of ROLES) {
    for (const namespace of NAMESPACES) {
      const socket = parts.use(listen(node.url + namespace, { auth: { token: client(role).token } }));
      sockets.set(`${role} ${namespace}`, socket);
    }
  }
  await Promise.all([...sockets.values()].map((socket) => socket.first('connected')));
  const owned = parts.move();
  return {
    node,
    cast,
    routes: routes.filter(
      ({ method, url }) => !['HEAD', 'OPTIONS'].includes(String(method)) && !url.startsWith('/docs/static'),
    ),
    anonymous,
    client,
    socket: (role, namespace) => found(sockets, `${role} ${namespace}`),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function found<T>(all: ReadonlyMap<string, T>, key: string): T {
  const one = all.get(key);
  if (one === undefined) throw new Error(`there is no ${key}`);
  return one;
}
