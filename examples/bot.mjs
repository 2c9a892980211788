/**
 * A bot on the client library. It greets everybody who opens a ticket, and answers "status" in those tickets as long as
 * it runs. After a lost connection or a restart of the server it continues by itself.
 *
 *     npm start, and in another terminal: node examples/bot.mjs      (Ctrl-C ends it)
 */
import { createClient, signIn } from 'deskwire/client';

const url = process.env.DESKWIRE_URL ?? 'http://localhost:8080';
// Admins are notified of every new ticket.
const { user, token } = await signIn({ url, email: 'admin2@example.com', password: 'deskwire-demo' });
const client = createClient({ url, token });
client.connection.on('state', (state) => console.log(`connection: ${state}`));

client.inbox.on('notification', ({ type, data }) => {
  if (type === 'support_ticket_created') attend(data.ticketId).catch((error) => console.error(error.message));
});

async function attend(id) {
  const ticket = client.ticket(id);
  ticket.on('message', ({ senderId, messageType, message }) => {
    if (senderId === user.id || messageType === 'SYSTEM' || !/\bstatus\b/i.test(message)) return;
    ticket
      .post(`Your ticket is ${ticket.state.ticket?.status ?? 'gone'}.`)
      .catch((error) => console.error(error.message));
  });
  await ticket.ready();
  await ticket.post('Hello! Somebody will be with you soon. Write "status" to hear how it stands.');
  console.log(`greeted in #${ticket.state.ticket?.number}`);
}

await client.inbox.ready();
console.log(`${user.name} is listening`);
process.once('SIGINT', () => client.close());
process.once('SIGTERM', () => client.close());
