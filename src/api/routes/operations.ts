/**
 * Operations on a running system: `/api/v1/operations`, for admins. The `deskwire` command does the same without a
 * server. A rebuild or a rollback is only started here; `GET` shows its progress.
 */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { type Operations, type ProjectionName, projectionNames } from '../../application/operations.ts';
import { LIMITS } from '../../contract/limits.ts';
import { operationsContract, Retried } from '../../contract/operations.ts';
import { mayOperate, requirePermission } from '../../domain/access.ts';
import type { App } from '../app.ts';
import { userOf } from '../requests.ts';

const tags = ['Operations'];
const path = '/api/v1/operations';
const strict = { additionalProperties: false };
const { name: ProjectionField, Operations: OperationsAnswer, Parked, Ordered } = operationsContract(projectionNames());
const StreamField = Type.String({
  pattern: '^[a-z]+\\.',
  maxLength: LIMITS.id * 2,
  description: 'For example ticket.<id>',
});
const Params = Type.Object({ projection: ProjectionField });
const RetryBody = Type.Object({ projection: ProjectionField, stream: Type.Optional(StreamField) }, strict);
const SkipBody = Type.Object(
  {
    projection: ProjectionField,
    stream: StreamField,
    position: Type.Integer({
      minimum: 1,
      description: 'Position of the event, so that no other is skipped by mistake',
    }),
  },
  strict,
);
const reads = { problems: [403] };
const changes = { unlogged: true, problems: [403, 409] };

export function operationsRoutes(app: App, operations: Operations): void {
  app.get(
    path,
    {
      config: reads,
      schema: { tags, summary: 'Read the state of log, relay and read models', response: { 200: OperationsAnswer } },
    },
    (request) => permitted(request, operations).getOverview(),
  );
  app.get(
    `${path}/parked`,
    {
      config: reads,
      schema: { tags, summary: 'List the events that read models cannot handle', response: { 200: Parked } },
    },
    async (request) => ({ items: await permitted(request, operations).listParked() }),
  );
  app.post(
    `${path}/parked/retry`,
    {
      config: changes,
      schema: {
        tags,
        summary: 'Try a parked stream again, or all of them',
        body: RetryBody,
        response: { 202: Retried },
      },
    },
    async (request, reply) => {
      const { projection, stream } = request.body;
      const streams = await permitted(request, operations).retryParked(projection, stream);
      return reply.code(202).send({ streams });
    },
  );
  app.post(
    `${path}/parked/skip`,
    {
      config: changes,
      schema: { tags, summary: 'Skip a parked event for good', body: SkipBody, response: { 202: Ordered } },
    },
    async (request, reply) => {
      const { projection, stream, position } = request.body;
      await permitted(request, operations).skipParked(projection, stream, position);
      return reply.code(202).send({ projection });
    },
  );
  for (const { method, path: end, summary, change } of CHANGES) {
    app.route({
      method,
      url: `${path}/projections/:projection/${end}`,
      config: changes,
      schema: { tags, summary, params: Params, response: { 202: Ordered } },
      async handler(request, reply) {
        const { projection } = request.params;
        await change(permitted(request, operations), projection);
        return reply.code(202).send({ projection });
      },
    });
  }
}

/** Changes that take only the name of a projection. */
const CHANGES = [
  {
    method: 'POST',
    path: 'rebuild',
    summary: 'Rebuild a read model while it serves, or continue the rebuild',
    change: (operations: Operations, name: ProjectionName) => operations.rebuild([name]),
  },
  {
    method: 'DELETE',
    path: 'rebuild',
    summary: 'Abort a rebuild',
    change: (operations: Operations, name: ProjectionName) => operations.abortRebuild(name),
  },
  {
    method: 'POST',
    path: 'rollback',
    summary: 'Bring back the tables from before the last rebuild',
    change: (operations: Operations, name: ProjectionName) => operations.rollBack(name),
  },
  {
    method: 'POST',
    path: 'pause',
    summary: 'Pause a projection; its read model still serves',
    change: (operations: Operations, name: ProjectionName) => operations.pause(name),
  },
  {
    method: 'POST',
    path: 'resume',
    summary: 'Resume a paused projection',
    change: (operations: Operations, name: ProjectionName) => operations.resume(name),
  },
] as const;

function permitted(request: FastifyRequest, operations: Operations): Operations {
  requirePermission(mayOperate(userOf(request)), 'Only admins operate the system');
  return operations;
}
