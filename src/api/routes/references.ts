/** References, the records of the product that tickets point at: `/api/v1/references`. */
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import { getReference, setReference } from '../../application/references.ts';
import { IdField, ReferenceTypeField } from '../../contract/fields.ts';
import { Reference, SetReferenceBody } from '../../contract/reference.ts';
import type { App } from '../app.ts';
import { callerOf, setETag, setPositionHeader, userOf } from '../requests.ts';

const tags = ['References'];
const path = '/api/v1/references/:type/:id';
const Params = Type.Object({ type: ReferenceTypeField, id: IdField });

export function referenceRoutes(app: App, application: Application): void {
  app.get(
    path,
    {
      config: { etag: true, problems: [403] },
      schema: {
        tags,
        summary: 'Read a reference',
        description: 'For staff and services.',
        params: Params,
        response: { 200: Reference },
      },
    },
    async (request, reply) => {
      const { type, id } = request.params;
      const reference = await getReference(application, userOf(request), type, id);
      setETag(reply, reference);
      return reference;
    },
  );

  app.put(
    path,
    {
      config: { etag: true, problems: [403] },
      schema: {
        tags,
        summary: 'Set a reference',
        description:
          'For admins and services. Replaces the whole reference. The vendor of a GRN or dispatch, and the ops user who ' +
          'verified a GRN, see the tickets that point at it.',
        params: Params,
        body: SetReferenceBody,
        response: { 200: Reference, 201: Reference },
      },
    },
    async (request, reply) => {
      const { type, id } = request.params;
      const outcome = await setReference(application, callerOf(request), type, id, request.body);
      setPositionHeader(reply, outcome);
      setETag(reply, outcome);
      const isNew = outcome.version === 1 && outcome.position > 0;
      return reply.code(isNew ? 201 : 200).send(outcome.reference);
    },
  );
}
