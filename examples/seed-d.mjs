/**
 * Seed D: a bell with an unread count, and messages of a ticket, in two namespaces.
 *
 *   npm start, and in another terminal: node examples/seed-d.mjs
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
const { id: ticketId } = await post('/api/v1/tickets', { description: 'The app shows an old price' }, driver);

const bell = io(`${url}/notifications`, { auth: { token: driver } });
bell.on('notification:new', ({ title, message }) => console.log(`bell: ${title}. ${message}`));
bell.on('unread-count', ({ count }) => console.log(`bell: ${count} unread`));
await new Promise((resolve) => bell.once('unread-count', resolve));

const support = io(`${url}/support`, { auth: { token: driver } });
support.on('message:new', ({ message, sender }) => console.log(`ticket: ${sender.name} writes "${message}"`));
support.on('user-typing', ({ userName, isTyping }) =>
  console.log(`ticket: ${userName} ${isTyping ? 'types' : 'stops'}`),
);
await support.emitWithAck('join-ticket', { ticketId });

const theirs = io(`${url}/support`, { auth: { token: agent }, forceNew: true });
await theirs.emitWithAck('join-ticket', { ticketId });
theirs.emit('typing', { ticketId, isTyping: true });

const rung = new Promise((resolve) => bell.once('notification:new', resolve));
const written = new Promise((resolve) => support.once('message:new', resolve));
await post(`/api/tickets/${ticketId}/chat`, { message: 'Please update it' }, agent);
const [notification] = await Promise.all([rung, written]);
const { count } = await bell.emitWithAck('mark-as-read', { notificationIds: [notification.id] });
console.log(`bell: read, ${count} left`);
for (const socket of [bell, support, theirs]) socket.disconnect();
