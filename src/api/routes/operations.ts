/**
 * Operating a running system: `/api/v1/operations`. For admins; the `deskwire` command does the same without a server. What
 * takes time is only begun here, and seen in the next `GET`.
 */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Operations } from '../../application/operations.ts';
import { LIMITS } from '../../contract/limits.ts';
import { operationsContract, Retried } from '../../contract/operations.ts';
import { mayOperate, requirePermission } from '../../domain/access.ts';
import type { App } from '../app.ts';
import { userOf } from '../requests.ts';

const tags = ['Operations'];
const path = '/api/v1/operations';
const strict = { additionalProperties: false };
const StreamField = Type.String({
  pattern: '^[a-z]+\\.',
  maxLength: LIMITS.id * 2,
  description: 'Such as ticket.<id>',
});
const reads = { problems: [403] };
const orders = { unlogged: true, problems: [403, 409] };

export function operationsRoutes(app: App, operations: Operations): void {
  const { name, Operations: OperationsAnswer, Parked, Ordered } = operationsContract(operations.projections);
  const { Params, RetryBody, SkipBody } = inputs(name);
  app.get(
    path,
    {
      config: reads,
      schema: { tags, summary: 'Read how log, relay and read models stand', response: { 200: OperationsAnswer } },
    },
    (request) => permitted(request, operations).view(),
  );
  app.get(
    `${path}/parked`,
    {
      config: reads,
      schema: { tags, summary: 'List what read models cannot handle', response: { 200: Parked } },
    },
    async (request) => ({ items: await permitted(request, operations).parked() }),
  );
  app.post(
    `${path}/parked/retry`,
    {
      config: orders,
      schema: {
        tags,
        summary: 'Try a parked stream again, or all of them',
        body: RetryBody,
        response: { 202: Retried },
      },
    },
    async (request, reply) => {
      const { projection, stream } = request.body;
      const streams = await permitted(request, operations).retry(projection, stream);
      return reply.code(202).send({ streams });
    },
  );
  app.post(
    `${path}/parked/skip`,
    {
      config: orders,
      schema: { tags, summary: 'Leave a parked event out for good', body: SkipBody, response: { 202: Ordered } },
    },
    async (request, reply) => {
      const { projection, stream, position } = request.body;
      await permitted(request, operations).skip(projection, stream, position);
      return reply.code(202).send({ projection });
    },
  );
  for (const { method, path: end, summary, order } of ORDERS) {
    app.route({
      method,
      url: `${path}/projections/:projection/${end}`,
      config: orders,
      schema: { tags, summary, params: Params, response: { 202: Ordered } },
      async handler(request, reply) {
        const { projection } = request.params;
        await order(permitted(request, operations), projection);
        return reply.code(202).send({ projection });
      },
    });
  }
}

/** `name`: the schema of a projection's name. */
function inputs(name: Type.TUnsafe<string>) {
  return {
    Params: Type.Object({ projection: name }),
    RetryBody: Type.Object({ projection: name, stream: Type.Optional(StreamField) }, strict),
    SkipBody: Type.Object(
      {
        projection: name,
        stream: StreamField,
        position: Type.Integer({ minimum: 1, description: 'Of the event, so that no other is skipped by mistake' }),
      },
      strict,
    ),
  };
}

/** Each takes the name of a projection, and nothing else. */
const ORDERS = [
  {
    ...{ method: 'POST', path: 'rebuild', summary: 'Rebuild a read model while it serves, or go on with it' },
    order: (operations: Operations, name: string) => operations.rebuild(name),
  },
  {
    ...{ method: 'DELETE', path: 'rebuild', summary: 'Give up a rebuild' },
    order: (operations: Operations, name: string) => operations.abort(name),
  },
  {
    ...{ method: 'POST', path: 'rollback', summary: 'Bring back what served before the last rebuild' },
    order: (operations: Operations, name: string) => operations.rollBack(name),
  },
  {
    ...{ method: 'POST', path: 'pause', summary: 'Stop a projection where it stands; it goes on serving' },
    order: (operations: Operations, name: string) => operations.setPaused(name, true),
  },
  {
    ...{ method: 'POST', path: 'resume', summary: 'Let a paused projection go on' },
    order: (operations: Operations, name: string) => operations.setPaused(name, false),
  },
] as const;

function permitted(request: FastifyRequest, operations: Operations): Operations {
  requirePermission(mayOperate(userOf(request)), 'Only admins operate the system');
  return operations;
}
