/**
 * A React page. The `state` of a handle is a new object after each change, as `useSyncExternalStore` requires.
 *
 *     npm start, and in another terminal: npx vite examples, then http://localhost:5173/react/
 */
import { type Client, createClient, signIn, type TicketHandle, webStorage } from 'deskwire/client';
import { type FormEvent, useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';

/** Any object of the library with a state that emits `change`. */
interface Followed<State> {
  readonly state: State;
  on(name: 'change', listener: () => void): () => void;
}

function useFollowed<State>(followed: Followed<State>): State {
  const subscribe = useCallback((listener: () => void) => followed.on('change', listener), [followed]);
  return useSyncExternalStore(subscribe, () => followed.state);
}

function useTicket(client: Client, id: string): TicketHandle | undefined {
  const [ticket, setTicket] = useState<TicketHandle>();
  useEffect(() => {
    const handle = client.ticket(id);
    setTicket(handle);
    return () => handle.close();
  }, [client, id]);
  return ticket;
}

function Bell({ client }: { readonly client: Client }) {
  const { unread } = useFollowed(client.inbox);
  const read = () => client.inbox.markAllRead().catch(() => undefined);
  return (
    <button type="button" onClick={read}>
      {unread} unread
    </button>
  );
}

function Connection({ client }: { readonly client: Client }) {
  const subscribe = useCallback((listener: () => void) => client.connection.on('state', listener), [client]);
  return <output>{useSyncExternalStore(subscribe, () => client.connection.state)}</output>;
}

function Conversation({ ticket }: { readonly ticket: TicketHandle }) {
  const { ticket: fields, messages, outgoing, typing, hasOlder } = useFollowed(ticket);
  const [text, setText] = useState('');

  function send(event: FormEvent) {
    event.preventDefault();
    // `outgoing` shows its state.
    ticket.post(text).catch(() => undefined);
    setText('');
  }

  return (
    <section>
      <h2>
        #{fields?.number} {fields?.description} ({fields?.status})
      </h2>
      {hasOlder && (
        <button type="button" onClick={() => void ticket.loadOlder()}>
          Earlier
        </button>
      )}
      <ol aria-live="polite">
        {messages.map(({ id, sender, message }) => (
          <li key={id}>
            {sender.name}: {message}
          </li>
        ))}
        {outgoing.map(({ id, message, state }) => (
          <li key={id}>
            you: {message} ({state})
          </li>
        ))}
      </ol>
      <p>{typing.map(({ userName }) => `${userName} is typing…`)}</p>
      <form onSubmit={send}>
        <input
          aria-label="Message"
          value={text}
          required
          onChange={({ target }) => {
            setText(target.value);
            ticket.typing();
          }}
        />
        <button type="submit">Send</button>
      </form>
    </section>
  );
}

function Page({ client, ticketId }: { readonly client: Client; readonly ticketId: string }) {
  const ticket = useTicket(client, ticketId);
  return (
    <>
      <Connection client={client} /> <Bell client={client} />
      {ticket && <Conversation ticket={ticket} />}
    </>
  );
}

const url = location.origin;
const { token } = await signIn({ url, email: 'driver@example.com', password: 'deskwire-demo' });
const client = createClient({ url, token, storage: webStorage(localStorage) });
const { items } = await client.tickets.list({ limit: 1 });
const { id } = items[0] ?? (await client.tickets.open({ description: 'From a React page' }));
const root = document.getElementById('root');
if (root) createRoot(root).render(<Page client={client} ticketId={id} />);
