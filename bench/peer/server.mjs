/**
 * The peer: a plain ticket chat with Express, pg and Socket.IO. It checks a JWT, inserts the message, emits it to the
 * ticket's room, and answers with the row. It stores messages only: it checks no access to tickets, counts nothing as
 * unread, notifies nobody, and replays nothing to a socket that was disconnected.
 */
import { createServer } from 'node:http';
import express from 'express';
import jwt from 'jsonwebtoken';
import pg from 'pg';
import { Server } from 'socket.io';

const { DATABASE_URL, JWT_SECRET } = process.env;

const pool = new pg.Pool({ connectionString: DATABASE_URL });
await pool.query(`
  create table if not exists messages (
    id bigserial primary key,
    ticket_id text not null,
    sender_id text not null,
    sender_name text not null,
    message text not null,
    created_at timestamptz not null default now()
  );
  create index if not exists messages_by_ticket on messages (ticket_id, created_at);
`);

const app = express();
const server = createServer(app);
const io = new Server(server);

function authenticate(req, res, next) {
  try {
    req.user = jwt.verify(req.headers.authorization?.replace('Bearer ', ''), JWT_SECRET);
    next();
  } catch {
    res.status(401).json({ error: 'Unauthorized' });
  }
}

app.use(express.json());

app.post('/api/tickets/:ticketId/chat', authenticate, async (req, res) => {
  const { ticketId } = req.params;
  const { message } = req.body;
  if (typeof message !== 'string' || message === '') {
    res.status(400).json({ error: 'message is required' });
    return;
  }
  const { rows } = await pool.query(
    'INSERT INTO messages (ticket_id, sender_id, sender_name, message) VALUES ($1, $2, $3, $4) RETURNING *',
    [ticketId, req.user.sub, req.user.name, message],
  );
  io.to(`ticket:${ticketId}`).emit('new_message', { ticketId, message: rows[0], timestamp: new Date().toISOString() });
  res.status(201).json(rows[0]);
});

io.use((socket, next) => {
  try {
    socket.data.user = jwt.verify(socket.handshake.auth.token, JWT_SECRET);
    next();
  } catch {
    next(new Error('Unauthorized'));
  }
});

io.on('connection', (socket) => {
  socket.on('join_ticket', ({ ticketId }, ack) => {
    socket.join(`ticket:${ticketId}`);
    ack?.({ success: true });
  });
});

server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`The peer is ready at http://127.0.0.1:${server.address().port}\n`);
});
