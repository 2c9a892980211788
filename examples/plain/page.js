/**
 * A page without a build: the library comes from the server as `/client.js`.
 *
 *   npm start, and in another terminal: npx vite examples, then http://localhost:5173/plain/
 */
import { createClient, signIn, webStorage } from '/client.js';

const url = location.origin;
const byId = (id) => document.getElementById(id);

const { token } = await signIn({ url, email: 'driver@example.com', password: 'deskwire-demo' });
const client = createClient({ url, token, storage: webStorage(localStorage) });
client.connection.on('state', (state) => {
  byId('state').textContent = state;
});
client.inbox.on('unread', (unread) => {
  byId('unread').textContent = unread;
});

const { items } = await client.tickets.list({ limit: 1 });
const { id } = items[0] ?? (await client.tickets.open({ description: 'From a page in plain JavaScript' }));
const ticket = client.ticket(id);

function line(text) {
  const item = document.createElement('li');
  item.textContent = text;
  return item;
}

ticket.on('change', ({ messages, outgoing }) => {
  byId('messages').replaceChildren(
    ...messages.map(({ sender, message }) => line(`${sender.name}: ${message}`)),
    ...outgoing.map(({ message, state }) => line(`you: ${message} (${state})`)),
  );
});
byId('text').addEventListener('input', () => ticket.typing());
byId('form').addEventListener('submit', (event) => {
  event.preventDefault();
  // `outgoing` shows its state.
  ticket.post(byId('text').value).catch(() => {});
  byId('text').value = '';
});
