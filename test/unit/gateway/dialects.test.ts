/** Test the dialect tables, and the catalog, taken names and AsyncAPI document that are derived from them. */
import { describe, expect, it } from 'vitest';
import { createAsyncApi } from '../../../src/gateway/asyncapi.ts';
import { DIALECTS } from '../../../src/gateway/dialects/all.ts';
import { catalogOf, takenNames } from '../../../src/gateway/dialects/catalog.ts';
import type { Dialect } from '../../../src/gateway/dialects/dialect.ts';

/** Events of every namespace, by hand from docs/protocol.md. */
const COMMON = `connected error server:draining notification chatMessage whatsappStatusUpdate whatsappMessageUpdate
  conversationUpdate`;

/** The names of docs/protocol.md sections 2 to 7, by hand. */
const PROTOCOL: Readonly<Record<string, { readonly requests: string; readonly events: string }>> = {
  '/': {
    requests: `auth:refresh join_ticket leave_ticket send_message typing_start typing_stop load_history mark_ticket_read
      message joinRoom leaveRoom roomMessage subscribe unsubscribe follow_tickets`,
    events: `${COMMON} joined_ticket left_ticket messages_history new_message user_joined user_left user_typing
      user_stopped_typing ticket_unread message_read messageReceived messageBroadcast roomJoined roomLeft roomMessage
      clientJoined clientLeft event resync tickets_changed`,
  },
  '/notifications': {
    requests: 'auth:refresh get-unread-count mark-as-read mark-all-as-read mark-all-as-seen',
    events: `${COMMON} support:ticket:created support:ticket:updated support:ticket:resolved support:ticket:deleted
      support:ticket:assigned support:message:new notification:new unread-count marked-as-read marked-all-as-read
      marked-all-as-seen resync`,
  },
  '/support': {
    requests: 'auth:refresh join-ticket leave-ticket typing',
    events: `${COMMON} joined-ticket left-ticket message:new user-typing support:new-message`,
  },
};

const words = (text: string) => text.split(/\s+/).toSorted();

describe('the catalog of the tables', () => {
  const catalog = catalogOf(DIALECTS);

  it('has the namespaces and names of the protocol, and no others', () => {
    expect([...catalog.keys()].toSorted()).toEqual(Object.keys(PROTOCOL).toSorted());
    for (const [namespace, { requests, events }] of Object.entries(PROTOCOL)) {
      const names = catalog.get(namespace);
      expect([...(names?.requests.keys() ?? [])].toSorted(), namespace).toEqual(words(requests));
      expect([...(names?.events.keys() ?? [])].toSorted(), namespace).toEqual(words(events));
    }
  });

  it('throws when two dialects of one namespace use the same name', () => {
    const twin: Dialect = { name: 'twin', namespace: '/', requests: {}, events: { new_message: {} } };
    expect(() => catalogOf([...DIALECTS, twin])).toThrow('new_message');
    expect(() => catalogOf([...DIALECTS, { ...twin, namespace: '/twin' }])).not.toThrow();
  });

  it('has the names that a socket push must not use', () => {
    const taken = takenNames(DIALECTS);
    for (const { requests, events } of Object.values(PROTOCOL)) {
      for (const name of [...words(requests), ...words(events)]) expect(taken).toContain(name);
    }
    for (const name of ['connect', 'disconnect', 'connect_error', 'newListener']) expect(taken).toContain(name);
    expect(taken).not.toContain('orderShipped');
  });
});

describe('the AsyncAPI document', () => {
  const document = createAsyncApi(DIALECTS, '1');

  it('has every namespace, request, ack and event, each as a message and in an operation', () => {
    expect(document.asyncapi).toMatch(/^3\./);
    const operations = Object.values(document.operations);
    for (const [namespace, { requests, events }] of Object.entries(PROTOCOL)) {
      const [id, channel] = Object.entries(document.channels).find(([, one]) => one.address === namespace) ?? [];
      const names = [
        ...words(requests).flatMap((name) => [`${name}.request`, `${name}.ack`]),
        ...words(events).map((name) => `${name}.event`),
      ];
      expect(Object.keys(channel?.messages ?? {}).toSorted(), namespace).toEqual(names.toSorted());
      for (const name of names) {
        const $ref = `#/channels/${id}/messages/${encodeURIComponent(name)}`;
        const used = operations.some(
          ({ messages, reply }) =>
            messages.some((one) => one.$ref === $ref) || reply?.messages.some((one) => one.$ref === $ref),
        );
        expect(used, name).toBe(true);
      }
    }
  });

  it('is plain JSON without broken references, and its schemas of events are open', () => {
    const plain = JSON.parse(JSON.stringify(document));
    expect(plain).toEqual(document);
    for (const [, pointer = ''] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const parts = pointer
        .split('/')
        .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'));
      expect(
        parts.reduce((node, part) => node?.[part], plain),
        pointer,
      ).toBeDefined();
    }
    const { root } = document.channels;
    expect(JSON.stringify(root?.messages['new_message.event'])).not.toContain('additionalProperties":false');
    expect(JSON.stringify(root?.messages['join_ticket.request'])).toContain('additionalProperties":false');
  });
});
