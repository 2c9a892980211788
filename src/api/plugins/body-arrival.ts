/**
 * Bounds the time in which a body must arrive, and the number of bodies that arrive at once: for each user, and for
 * each network without a sign-in. When there are too many, the oldest one is refused, because it is the slowest. So a
 * body that arrives at once is never refused because of slow ones. Uploads are not counted: they have their own
 * bounds.
 */
import type { FastifyRequest } from 'fastify';
import { networkOf } from '../../support/address.ts';
import { createPool } from '../../support/pool.ts';
import type { App } from '../app.ts';

/** Together they hold at most 64 MB of bodies of 128 KiB. */
const ANONYMOUS = { perOwner: 50, total: 200 };
const USERS = { perOwner: 50, total: 300 };

/** The status of the problem is 408. */
class LateBody extends Error {
  override readonly name = 'LateBody';
  readonly statusCode = 408;
}

type Body = FastifyRequest['raw'];

/** `limit`: milliseconds. */
export function boundBodyArrival(app: App, limit: number): void {
  const anonymous = createPool<Body>(ANONYMOUS, refuse);
  const users = createPool<Body>(USERS, refuse);
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const { raw: body } = request;
    if (!body.complete && hasBody(request)) {
      const user = request.authenticated?.user.id;
      const pool = user === undefined ? anonymous : users;
      const timer = setTimeout(() => refuse(body), limit);
      const arrived = () => {
        clearTimeout(timer);
        pool.remove(body);
      };
      body.once('end', arrived);
      body.once('close', arrived);
      pool.add(user ?? networkOf(request.ip), body);
    }
    done();
  });
}

function hasBody({ method, headers, routeOptions }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD' || routeOptions.config.file !== undefined) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The parser of the body answers with the error. A request whose body nobody reads is answered already. */
function refuse(body: Body): void {
  if (body.listenerCount('error') > 0) body.emit('error', new LateBody('The body did not arrive in time'));
  else body.destroy();
}
