/**
 * Seed C: rooms, and a backend that sends to them over HTTP. Two users join a room; a service notifies everyone in it;
 * one of them comes back later and receives the missed message.
 *
 *     npm start, and in another terminal: node examples/seed-c.mjs
 */
import { io } from 'socket.io-client';

const url = process.env.DESKWIRE_URL ?? 'http://localhost:8080';
const room = `shift-${Date.now()}`;

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
const [driver, agent, service] = await Promise.all(
  ['driver', 'agent', 'service'].map((name) => login(`${name}@example.com`)),
);

function connect(name, token) {
  const socket = io(url, { auth: { token }, forceNew: true });
  socket.on('roomMessage', ({ message, userId }) =>
    console.log(`${name} hears from ${userId}: ${JSON.stringify(message)}`),
  );
  socket.on('notification', ({ title, message }) => console.log(`${name} is notified: ${title}. ${message}`));
  return socket;
}

const one = connect('driver', driver);
const two = connect('agent', agent);
const { version } = await one.emitWithAck('joinRoom', { room });
await two.emitWithAck('joinRoom', { room });

const received = new Promise((resolve) => one.once('roomMessage', resolve));
await two.emitWithAck('roomMessage', { room, message: { text: 'Who is at the depot?' } });
await received;

const notified = Promise.all(
  [one, two].map((socket) => new Promise((resolve) => socket.once('notification', resolve))),
);
const { delivered } = await post(
  `/websocket/notify/room/${room}`,
  { type: 'info', title: 'Shift', message: 'Ends at six' },
  service,
);
console.log(`the service reached ${delivered}`);
await notified;

one.disconnect();
const later = connect('driver, back,', driver);
const missed = new Promise((resolve) => later.once('roomMessage', resolve));
await later.emitWithAck('joinRoom', { room, after: version });
await missed;
later.disconnect();
two.disconnect();
