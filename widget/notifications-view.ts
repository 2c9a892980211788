/** The list of notifications, with links to their tickets. */
import { notificationText } from '../console/src/language/isolated.ts';
import type { Notification } from '../src/client/index.ts';
import { h, keyed } from './dom.ts';
import { type Context, today, type View } from './view.ts';

export function notificationsView({ client, texts, formats, show }: Context): View {
  const list = h('ul', { class: 'scroll' });
  const empty = h('p', { class: 'empty' }, texts.noNotifications);
  const all = h('button', { type: 'button', on: { click: markAllRead } }, texts.markAllRead);
  const more = h(
    'button',
    { type: 'button', on: { click: () => void client.inbox.loadOlder().catch(() => undefined) } },
    texts.older,
  );
  const element = h('div', { class: 'view' }, list, empty, h('footer', {}, all, more));
  const render = keyed(list, (one: Notification) => `${one.id} ${one.read} ${today()}`, rowOf);

  function rowOf(one: Notification): HTMLElement {
    const what = h(
      'span',
      { dir: 'auto' },
      one.title,
      h('small', { dir: 'auto' }, notificationText(one.message, one.data)),
      h('small', {}, formats.brief(one.timestamp, new Date())),
    );
    const badge = h('span', { class: 'badge', 'aria-label': texts.unread }, '•');
    return h(
      'li',
      {},
      h('button', { class: 'row', type: 'button', on: { click: () => open(one) } }, what, !one.read && badge),
    );
  }

  /** The outbox repeats it while there is no connection, so the promise is ignored. */
  function markAllRead(): void {
    client.inbox.markAllRead().catch(() => undefined);
  }

  function open({ id, data, read }: Notification): void {
    if (!read) client.inbox.markRead([id]).catch(() => undefined);
    if (typeof data.ticketId === 'string') show({ at: 'chat', id: data.ticketId });
  }

  function display(): void {
    const { notifications, hasOlder, unread } = client.inbox.state;
    render(notifications);
    list.hidden = notifications.length === 0;
    empty.hidden = notifications.length > 0;
    more.hidden = !hasOlder;
    all.disabled = unread === 0;
  }

  const unsubscribe = client.inbox.on('change', display);
  display();

  return { title: texts.notifications, element, focus: () => all.focus(), seen: () => undefined, close: unsubscribe };
}
