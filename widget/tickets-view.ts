/** The user's tickets, and the form for a new one. */
import { NEW } from '../console/src/writing/drafts.ts';
import { excessStart, isBlank, lengthOf, sendable } from '../console/src/writing/text.ts';
import type { Ticket } from '../src/client/index.ts';
import { LIMITS } from '../src/contract/limits.ts';
import { h, keyed } from './dom.ts';
import { type Context, messageOf, today, type View } from './view.ts';

export function ticketsView({ client, texts, formats, drafts, show }: Context): View {
  let closed = false;
  let tickets: readonly Ticket[] = [];
  const list = h('ul', { class: 'scroll' });
  const empty = h('p', { class: 'empty', hidden: true }, texts.noTickets);
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const draft = drafts.of(NEW);
  const text = h('textarea', {
    rows: 2,
    dir: 'auto',
    'aria-label': texts.describe,
    placeholder: texts.describe,
    on: { input: () => draft.write(text.value) },
  });
  const start = h('button', { type: 'submit', class: 'primary' }, texts.start);
  const form = h('form', { 'aria-label': texts.newTicket, on: { submit } }, text, start);
  const element = h('div', { class: 'view' }, list, empty, problem, form);
  const render = keyed(list, (ticket: Ticket) => `${ticket.id} ${ticket.unread} ${ticket.updatedAt} ${today()}`, rowOf);

  function rowOf(ticket: Ticket): HTMLElement {
    const details = `${texts.status[ticket.status]} · ${formats.brief(ticket.updatedAt, new Date())}`;
    const badge = h(
      'span',
      { class: 'badge', 'aria-label': `${formats.number(ticket.unread)} ${texts.unread}` },
      formats.number(ticket.unread),
    );
    const what = h('span', {}, `#${ticket.number} `, h('bdi', {}, ticket.description), h('small', {}, details));
    const open = () => show({ at: 'chat', id: ticket.id });
    return h(
      'li',
      {},
      h('button', { class: 'row', type: 'button', on: { click: open } }, what, ticket.unread > 0 && badge),
    );
  }

  function display(next: readonly Ticket[]): void {
    tickets = next;
    render(next);
    list.hidden = next.length === 0;
    empty.hidden = next.length > 0;
  }

  function showProblem(what: string | undefined): void {
    problem.hidden = what === undefined;
    problem.textContent = what ?? '';
  }

  /** Never rejects. */
  async function load(): Promise<void> {
    try {
      const { items } = await client.tickets.list({ limit: 50 });
      if (closed) return;
      display(items);
      showProblem(undefined);
    } catch (error) {
      // Without a connection, the next one loads the list.
      if (!closed && client.connection.state === 'live') showProblem(`${texts.wrong}: ${messageOf(error)}`);
    }
  }

  function submit(event: Event): void {
    event.preventDefault();
    const description = sendable(text.value);
    if (isBlank(description)) return;
    if (excessStart(description, LIMITS.description) !== undefined) {
      showProblem(`${texts.tooLong} (${formats.number(lengthOf(description) - LIMITS.description)})`);
      return;
    }
    start.disabled = true;
    client.tickets
      .open({ description })
      .then(({ id }) => {
        draft.discard();
        if (!closed) show({ at: 'chat', id });
      })
      .catch((error: unknown) => {
        start.disabled = false;
        showProblem(`${texts.wrong}: ${messageOf(error)}`);
      });
  }

  function showDraft(): void {
    if (text.value !== draft.state.text) text.value = draft.state.text;
  }

  const unsubscribes = [
    draft.on('change', showDraft),
    client.tickets.on('unread', ({ ticketId, unread }) =>
      display(tickets.map((one) => (one.id === ticketId ? { ...one, unread } : one))),
    ),
    client.inbox.on('notification', () => void load()),
    client.connection.on('state', (state) => {
      if (state === 'live') void load();
    }),
  ];
  showDraft();
  void load();

  return {
    title: texts.title,
    element,
    focus: () => text.focus(),
    seen: () => undefined,
    close() {
      closed = true;
      for (const one of unsubscribes) one();
    },
  };
}
