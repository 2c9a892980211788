/** `/pager`: a dialect for tests. It shows what a new dialect needs. */
import Type from 'typebox';
import { closed, count, text } from '../../../src/contract/schema.ts';
import type { Dialect } from '../../../src/gateway/dialects/dialect.ts';
import { ticketId, version } from '../../../src/gateway/dialects/fields.ts';
import { request } from '../../../src/gateway/dialects/request.ts';

export const pager: Dialect = {
  name: 'pager',
  namespace: '/pager',
  events: { beep: closed({ text }) },
  tickets: {
    internal: false,
    present: true,
    render: (event) =>
      event.type === 'MessagePosted' && !event.data.internal
        ? [{ ...beep(event.data.message), audience: 'public' }]
        : [],
    expelled: () => beep('bye'),
    typing: ({ user }, typing) => beep(typing ? `${user.name}…` : user.name),
  },
  requests: {
    watch: request(
      Type.Object({ ticketId, after: Type.Optional(version) }, { additionalProperties: false }),
      async ({ client, context }, { ticketId: id, after }) => {
        const place = { kind: 'ticket', id, after, otherwise: 'now' } as const;
        const joined = await context.streams.join(pager, place, ({ wires }) => {
          client.send(...wires);
        });
        return { at: joined.version };
      },
      Type.Object({ at: count }),
    ),
  },
};

function beep(words: string) {
  return { name: 'beep', payload: { text: words } };
}
