/**
 * Seed B: the chat of a ticket. A driver and an agent join it, receive its history, and write to each other.
 *
 *     npm start, and in another terminal: node examples/seed-b.mjs
 */
import { io } from 'socket.io-client';

const url = process.env.DESKWIRE_URL ?? 'http://localhost:8080';

async function post(path, body, token) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const login = async (email) => (await post('/api/v1/auth/login', { email, password: 'deskwire-demo' })).access_token;
const [driver, agent] = await Promise.all([login('driver@example.com'), login('agent@example.com')]);
const { id: ticketId } = await post('/api/v1/tickets', { description: 'My route is missing' }, driver);

async function join(name, token) {
  const socket = io(url, { auth: { token } });
  socket.on('messages_history', ({ messages }) => console.log(`${name} finds ${messages.length} messages`));
  socket.on('new_message', ({ message }) =>
    console.log(`${name} reads "${message.message}" from ${message.sender.name}`),
  );
  socket.on('user_typing', ({ userName }) => console.log(`${name} sees ${userName} typing`));
  socket.on('user_joined', ({ userName }) => console.log(`${name} sees ${userName} come`));
  socket.on('error', (error) => console.error(`${name}:`, error));
  await socket.emitWithAck('join_ticket', { ticketId });
  return socket;
}

const asking = await join('driver', driver);
const answering = await join('agent', agent);

const received = new Promise((resolve) => answering.on('new_message', resolve));
asking.emit('typing_start', { ticketId });
// With the same id, the message can be sent again safely: the second time posts nothing.
const message = { ticketId, message: 'Where do I go today?', clientMessageId: crypto.randomUUID() };
await asking.emitWithAck('send_message', message);
await asking.emitWithAck('send_message', message);
await received;

const answered = new Promise((resolve) =>
  asking.on('new_message', ({ message }) => message.message.startsWith('To') && resolve()),
);
await answering.emitWithAck('send_message', { ticketId, message: 'To Central Station' });
await answered;
asking.disconnect();
answering.disconnect();
