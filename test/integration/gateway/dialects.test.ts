/** Test that a dialect is one table in one file, with a further dialect that no file of `src` imports. */
import { expect, it } from 'vitest';
import { DIALECTS } from '../../../src/gateway/dialects/all.ts';
import { pager } from './pager.ts';
import { openTicket, post, signIn, startNode, startServices } from './rig.ts';

it('a further dialect has replay, access checks, typing, presence and documentation as any other', async () => {
  await using services = await startServices();
  await using node = await startNode(services, { dialects: [...DIALECTS, pager] });
  const driver = await signIn(node.url, 'driver');
  const admin = await signIn(node.url, 'admin');
  const stranger = await signIn(node.url, 'driver2');
  const ticket = await openTicket(driver);
  await post(admin, ticket.id, 'before');
  using device = driver.connect('/pager');
  using nosy = stranger.connect('/pager');
  using chat = admin.connect();
  expect(await device.first('connected')).toMatchObject({ userId: '1' });
  await chat.ask('join_ticket', { ticketId: ticket.id });
  expect(await nosy.ask('watch', { ticketId: ticket.id })).toMatchObject({ error: { type: 'not_found' } });
  expect(await device.ask('watch', { ticketId: ticket.id, after: 1 })).toEqual({ success: true, at: 2 });
  await chat.first('user_joined', ({ userId }) => userId === '1');
  await chat.ask('typing_start', { ticketId: ticket.id });
  await post(admin, ticket.id, 'psst', true);
  await post(admin, ticket.id, 'after');
  await device.first('beep', ({ text }) => text === 'after');
  expect(device.all('beep')).toEqual([{ text: 'before' }, { text: 'admin…' }, { text: 'after' }]);
  expect(await device.ask('auth:refresh', { token: driver.token })).toEqual({ success: true });
  const service = await signIn(node.url, 'service');
  expect((await service.send('POST', '/websocket/event/broadcast/beep', {})).status).toBe(422);
  expect(await service.send('POST', `/websocket/event/ticket/${ticket.id}/boop`, {})).toMatchObject({
    body: { delivered: 2 },
  });
  const { body: document } = await admin.send('GET', '/docs/asyncapi.json');
  expect(Object.keys(document.channels.pager.messages)).toEqual(
    expect.arrayContaining(['watch.request', 'beep.event']),
  );
});
