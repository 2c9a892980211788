/**
 * Brings about every event that no request of a socket does: tickets that change, people who come and go, what services
 * send.
 */
import { expect } from 'vitest';
import { until } from '../../support/until.ts';
import { type Listener, listen } from '../gateway/rig.ts';
import { NAMESPACES, OPEN_ROOM, type World } from './world.ts';

/** Resolves with sockets of the driver that it opened. */
export async function provokeTheRest(world: World): Promise<readonly Listener[]> {
  const admin = world.client('admin');
  const driver = world.client('driver');
  const again = { auth: { token: driver.token, lastSeq: 999_999 } };
  await world.socket('agent', '/').ask('follow_tickets', {});
  const late = NAMESPACES.map((namespace) => listen(world.node.url + namespace, again));
  const { body: ticket } = await driver.send('POST', '/api/v1/tickets', { description: 'Stuck' });
  const path = `/api/v1/tickets/${ticket.id}`;
  await world.socket('driver', '/').ask('join_ticket', { ticketId: ticket.id });
  await world.socket('agent', '/support').ask('join-ticket', { ticketId: ticket.id });
  await world.socket('agent', '/').ask('join_ticket', { ticketId: ticket.id });
  await world.socket('driver', '/').ask('typing_start', { ticketId: ticket.id });
  await until(() => world.socket('agent', '/').all('user_typing').length > 0, 'typing');
  await world.socket('driver', '/').ask('typing_stop', { ticketId: ticket.id });
  await world.socket('agent', '/').ask('leave_ticket', { ticketId: ticket.id });
  await world.socket('agent', '/').ask('subscribe', { stream: `ticket:${ticket.id}`, epoch: 'another' });
  await admin.send('PUT', `${path}/assignee`, { userId: world.cast.user('agent').id });
  await admin.send('POST', `${path}/messages`, { message: 'Hello' });
  await admin.send('PATCH', path, { priority: 'high' });
  await admin.send('PATCH', path, { status: 'resolved' });
  await until(async () => (await driver.send('GET', '/api/v1/notifications/unread-count')).body.count > 0, 'news');
  await driver.send('POST', '/api/v1/notifications/seen', {});
  const { body: inbox } = await driver.send('GET', '/api/v1/notifications');
  await driver.send('POST', '/api/v1/notifications/read', { ids: [inbox.items[0].id] });
  await driver.send('POST', '/api/v1/notifications/read-all', {});
  await admin.send('DELETE', path);
  for (const namespace of NAMESPACES) world.socket('driver', namespace).socket.emit('no such event');
  await world.socket('customer', '/').ask('joinRoom', { room: OPEN_ROOM });
  await world.socket('driver', '/').ask('roomMessage', { room: OPEN_ROOM, message: 'hi' });
  for (const [where, body] of [
    ['notify/broadcast', { type: 'news', title: 'News', message: 'There is news' }],
    ...['chat/client', 'whatsapp/status', 'whatsapp/message', 'conversation'].map((one) => [
      `${one}/user:cast-driver`,
      {},
    ]),
  ] as const) {
    expect((await admin.send('POST', `/websocket/${where}`, body)).status).toBe(202);
  }
  return late;
}
