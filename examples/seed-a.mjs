/**
 * Seed A: support tickets over REST, and the socket events about them. An admin listens while a driver opens a ticket;
 * the admin then takes and resolves it.
 *
 *     npm start, and in another terminal: node examples/seed-a.mjs
 */
import { io } from 'socket.io-client';

const url = process.env.DESKWIRE_URL ?? 'http://localhost:8080';

async function call(token, method, path, body) {
  const response = await fetch(url + path, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : response.json();
}

async function login(email) {
  const { access_token: token } = await call(undefined, 'POST', '/api/v1/auth/login', {
    email,
    password: 'deskwire-demo',
  });
  return token;
}

function listen(name, token) {
  const socket = io(`${url}/notifications`, { auth: { token } });
  const events = ['created', 'updated', 'resolved', 'deleted'].map((what) => `support:ticket:${what}`);
  for (const event of events) {
    socket.on(event, ({ title, message, data }) =>
      console.log(`${name} heard ${event}: ${title}. ${message} (#${data.support_id})`),
    );
  }
  return new Promise((resolve) => socket.once('connected', () => resolve(socket)));
}

const [driver, admin] = await Promise.all([login('driver@example.com'), login('admin@example.com')]);
const sockets = await Promise.all([listen('driver', driver), listen('admin', admin)]);

const created = new Promise((resolve) => sockets[1].once('support:ticket:created', resolve));
const ticket = await call(driver, 'POST', '/api/v1/support', {
  description: 'The charger does not start',
  station_id: 1,
});
await created;

const resolved = new Promise((resolve) => sockets[0].once('support:ticket:resolved', resolve));
await call(admin, 'PATCH', `/api/v1/support/${ticket.support_id}`, { status: 'in_progress' });
await call(admin, 'PATCH', `/api/v1/support/${ticket.support_id}`, { status: 'resolved' });
await resolved;
for (const socket of sockets) socket.disconnect();
