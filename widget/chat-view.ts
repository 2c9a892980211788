/** One ticket's conversation: its messages, outgoing messages, who is typing, and the composer. */
import { isolated } from '../console/src/language/isolated.ts';
import type { Message, OutgoingMessage, TicketState } from '../src/client/index.ts';
import { composer } from './composer.ts';
import { h, keyed, set } from './dom.ts';
import { messageElement, outgoingElement } from './message.ts';
import { type Context, today, type View } from './view.ts';

type Line = { readonly key: string } & ({ readonly message: Message } | { readonly outgoing: OutgoingMessage });

/** Pixels from the end within which the user counts as reading the newest message. */
const NEAR = 80;

export function chatView(context: Context, id: string): View {
  const { client, texts, formats, drafts, visible } = context;
  const ticket = client.ticket(id);
  const older = h('button', { type: 'button', on: { click: () => void showOlder() } }, texts.older);
  const log = h('div', { class: 'scroll', role: 'log', 'aria-live': 'polite', tabindex: 0, 'aria-label': texts.title });
  const lines = h('div', { class: 'scroll-lines' });
  const typing = h('p', { class: 'typing', 'aria-live': 'polite' });
  const gone = h('p', { class: 'empty', role: 'alert', hidden: true }, texts.gone);
  const form = composer(context, ticket, drafts.of(id));
  log.append(older, lines);
  lines.style.display = 'contents';
  const title = h('span', {});
  const element = h('div', { class: 'view' }, log, gone, typing, form.element);
  const render = keyed(
    lines,
    ({ key }: Line) => `${key} ${today()}`,
    (line) => ('message' in line ? messageElement(context, line.message) : outgoingElement(context, line.outgoing)),
  );
  let readUpTo = 0;

  function display(state: TicketState): void {
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    render([...state.messages.map(sentLine), ...state.outgoing.map(waitingLine)]);
    older.hidden = !state.hasOlder;
    gone.hidden = state.status !== 'gone';
    form.element.hidden = state.status === 'gone';
    set(log, 'aria-busy', state.status === 'loading' ? 'true' : undefined);
    const names = formats.list(state.typing.map((one) => one.userName));
    typing.textContent = names === '' ? '' : `${names} ${texts.typing}`;
    form.setClosed(state.ticket?.status === 'closed');
    if (state.ticket !== undefined) title.textContent = `#${state.ticket.number} ${isolated(state.ticket.description)}`;
    if (atEnd) log.scrollTop = log.scrollHeight;
    markRead();
  }

  function markRead(): void {
    const newest = ticket.state.messages.at(-1)?.version ?? 0;
    if (!visible() || newest <= readUpTo || ticket.state.ticket?.unread === 0) return;
    readUpTo = newest;
    // The outbox repeats it until the server answers. After a refusal there is nothing left to mark.
    ticket.read(newest).catch(() => undefined);
    const related = client.inbox.state.notifications.filter(({ read, data }) => !read && data.ticketId === id);
    client.inbox.markRead(related.map((one) => one.id)).catch(() => undefined);
  }

  async function showOlder(): Promise<void> {
    const { scrollHeight, scrollTop } = log;
    older.disabled = true;
    await ticket.loadOlder().catch(() => undefined);
    older.disabled = false;
    log.scrollTop = scrollTop + log.scrollHeight - scrollHeight;
  }

  const onVisible = () => display(ticket.state);
  document.addEventListener('visibilitychange', onVisible);
  ticket.on('change', display);
  // A notification about a message that is in sight is marked as read at once.
  const unsubscribe = client.inbox.on('notification', ({ id: notificationId, data }) => {
    if (visible() && data.ticketId === id) client.inbox.markRead([notificationId]).catch(() => undefined);
  });
  display(ticket.state);

  return {
    get title() {
      return title.textContent || texts.title;
    },
    element,
    focus: form.focus,
    seen() {
      log.scrollTop = log.scrollHeight;
      markRead();
    },
    close() {
      document.removeEventListener('visibilitychange', onVisible);
      unsubscribe();
      form.close();
      ticket.close();
    },
  };
}

function sentLine(message: Message): Line {
  return { key: message.id, message };
}

function waitingLine(outgoing: OutgoingMessage): Line {
  return { key: `${outgoing.id} ${outgoing.state}`, outgoing };
}
