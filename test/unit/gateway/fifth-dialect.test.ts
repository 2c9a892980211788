/** Test that a dialect needs nothing but the ports in src/gateway/dialects. */
import Type from 'typebox';
import { expect, it } from 'vitest';
import type { DialectClient, DialectContext } from '../../../src/gateway/dialects/context.ts';
import type { Dialect, Wire } from '../../../src/gateway/dialects/dialect.ts';
import type { Arrival } from '../../../src/gateway/dialects/joining.ts';
import { type Call, request } from '../../../src/gateway/dialects/request.ts';

const counter: Dialect = {
  name: 'counter',
  namespace: '/counter',
  events: { counted: Type.Object({ version: Type.Integer() }) },
  tickets: {
    internal: false,
    present: false,
    render: (event) => [{ name: 'counted', payload: { version: event.version }, audience: 'public' }],
    expelled: (_id, version) => ({ name: 'counted', payload: { version } }),
  },
  requests: {
    count: request(Type.Object({ ticketId: Type.String() }), async ({ client, context }, { ticketId: id }) => {
      const place = { kind: 'ticket', id, otherwise: 'now' } as const;
      const { version } = await context.streams.join(counter, place, ({ wires }) => client.send(...wires));
      return { version };
    }),
  },
};

it('joins a ticket and answers with ports that are implemented by hand', async () => {
  const sent: Wire[] = [];
  const wire = { name: 'counted', payload: { version: 7 } };
  const arrival: Arrival = {
    id: 't',
    version: 7,
    epoch: 'e',
    recovered: false,
    internal: false,
    broken: undefined,
    wires: [wire],
    page: undefined,
  };
  const streams: Pick<DialectContext['streams'], 'join'> = {
    async join(dialect, { id }, welcome) {
      expect([dialect, id]).toEqual([counter, 't']);
      welcome(arrival);
      return arrival;
    },
  };
  const client: Pick<DialectClient, 'send'> = { send: (...wires) => void sent.push(...wires) };
  const prepared = counter.requests.count?.prepare({ ticketId: 't' });
  expect(prepared?.lane).toBe('t');
  expect(await prepared?.answer({ client, context: { streams } } as unknown as Call)).toEqual({ version: 7 });
  expect(sent).toEqual([wire]);
});
