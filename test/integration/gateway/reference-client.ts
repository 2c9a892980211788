/**
 * A client of our own protocol, as small as one can be and as PROTOCOL.md section 7 tells it: it loads, subscribes after
 * what it loaded, applies what it is sent in the order received, and loads afresh when it is told to. Each part of what it
 * loads has the version that it was read at; events that are no newer change nothing in it.
 */
import type { Client, Listener } from './rig.ts';

// biome-ignore lint/suspicious/noExplicitAny: payloads are whatever the server sent
type Payload = any;

/** What a client makes of one stream. */
export interface Model {
  /** The version that a load, or `events` applied to nothing, begins with. */
  load(client: Client): Promise<number | 'gone'>;
  apply(event: Payload): void;
  /** To be compared with that of a fresh load. */
  state(): unknown;
}

export interface Follower {
  readonly model: Model;
  /** How often it was told to load afresh, by reason. */
  readonly resyncs: string[];
  /** The socket is gone without a word; the next one goes on where it was. */
  drop(): void;
  connect(): Promise<void>;
  close(): void;
}

export function follow(client: Client, stream: string, model: Model): Follower {
  const resyncs: string[] = [];
  let socket: Listener | undefined;
  let cursor: number | undefined;
  let epoch: string | undefined;

  async function connect(): Promise<void> {
    const mine = client.connect('/', { reconnection: false });
    socket = mine;
    mine.socket.on('event', (event: Payload) => {
      if (socket === mine) take(event);
    });
    mine.socket.on('resync', ({ reason }: Payload) => {
      if (socket !== mine) return;
      resyncs.push(reason);
      void reload(mine);
    });
    if (cursor === undefined) await reload(mine);
    else await subscribe(mine);
  }

  /** Nothing that comes meanwhile is for what is being loaded: the subscription that follows brings it again. */
  async function reload(mine: Listener): Promise<void> {
    cursor = undefined;
    epoch = undefined;
    const version = await model.load(client);
    if (socket !== mine) return;
    if (version === 'gone') return;
    cursor = version;
    await subscribe(mine);
  }

  async function subscribe(mine: Listener): Promise<void> {
    const request = { stream, after: cursor, ...(epoch !== undefined && { epoch }) };
    mine.socket.emit('subscribe', request, (answer: Payload) => {
      if (socket !== mine) return;
      if (!answer.success) {
        cursor = undefined;
        void model.load(client);
        return;
      }
      // What it cannot go on from, the resync that follows makes it load.
      if (!answer.recovered) return;
      for (const event of answer.events) take(event);
      cursor = answer.version;
      epoch = answer.epoch;
    });
  }

  function take(event: Payload): void {
    if (cursor === undefined) return;
    model.apply(event);
    cursor = event.version;
  }

  function drop(): void {
    const gone = socket;
    socket = undefined;
    gone?.socket.io.engine?.close();
    gone?.[Symbol.dispose]();
  }

  return { model, resyncs, drop, connect, close: drop };
}

/** A ticket with its messages: two requests, and so two versions. */
export function ticketModel(ticketId: string, sees: 'everything' | 'public'): Model {
  let ticket: Payload;
  let messages = new Map<string, Payload>();
  let versions = { ticket: 0, messages: 0 };
  let gone = false;

  function applyToTicket({ type, data, actor, time }: Payload): void {
    if (type === 'TicketRead') return;
    if (!(type === 'MessagePosted' && data.message.internal)) ticket.updatedAt = time;
    if (type === 'TicketChanged') {
      for (const [field, { to }] of Object.entries<Payload>(data.changes)) {
        if (field === 'assignee') ticket.assigneeId = to?.id ?? null;
        else ticket[field] = to;
      }
    }
    const people = new Set<string>(ticket.participantIds);
    if (type === 'ParticipantAdded') people.add(data.userId);
    if (type === 'ParticipantRemoved') people.delete(data.userId);
    if (type === 'MessagePosted') people.add(actor.id);
    ticket.participantIds = [...people];
  }

  return {
    async load(client) {
      const [one, page] = await Promise.all([
        client.send('GET', `/api/v1/tickets/${ticketId}`),
        client.send('GET', `/api/tickets/${ticketId}/chat?limit=200`),
      ]);
      gone = one.status === 404 || page.status === 404;
      if (gone) return 'gone';
      ticket = one.body;
      messages = new Map(page.body.messages.map((message: Payload) => [message.id, message]));
      versions = { ticket: one.body.version, messages: page.body.version };
      return Math.min(versions.ticket, versions.messages);
    },
    apply(event) {
      if (event.version > versions.ticket) {
        applyToTicket(event);
        versions.ticket = event.version;
      }
      if (event.version > versions.messages) {
        const { message } = event.data;
        if (message !== undefined) messages.set(message.id, message);
        versions.messages = event.version;
      }
    },
    state() {
      if (gone) return 'gone';
      const { version: _version, unread: _unread, participantIds, ...fields } = ticket;
      // Whoever posts an internal note becomes a participant; who does not see the note, hears of that with a load only.
      const people = sees === 'everything' ? { participantIds: [...participantIds].sort() } : {};
      const conversation = [...messages.values()].sort((a, b) => a.version - b.version);
      return { ...fields, ...people, messages: conversation.map(withoutUrls) };
    },
  };
}

/** URLs of attachments are the wire's own. */
function withoutUrls(message: Payload): Payload {
  return { ...message, attachments: message.attachments.map(({ id }: Payload) => id) };
}

export function inboxModel(): Model {
  let notifications = new Map<string, Payload>();
  return {
    async load(client) {
      notifications = new Map();
      let newest = 0;
      let cursor: string | null = '';
      while (cursor !== null) {
        const { body }: { body: Payload } = await client.send(
          'GET',
          `/api/v1/notifications?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        for (const { id, seq, type, title, message, data, priority, read } of body.items) {
          notifications.set(id, { id, seq, type, title, message, data, priority, read });
          newest = Math.max(newest, seq);
        }
        cursor = body.nextCursor;
      }
      return newest;
    },
    apply({ type, id, version, data }) {
      if (type === 'NotificationReceived') {
        const { type: kind, title, message, data: more, priority, read } = data;
        notifications.set(id, { id, seq: version, type: kind, title, message, data: more, priority, read });
      }
      if (type === 'NotificationsUnread' && data.ids !== null) {
        for (const one of notifications.values()) if (one.seq <= data.upTo) one.read = !data.ids.includes(one.id);
      }
    },
    state: () => [...notifications.values()].sort((a, b) => a.seq - b.seq),
  };
}

/** Nothing but what was said: a load is a subscription from the beginning. */
export function roomModel(): Model {
  let said: Payload[] = [];
  return {
    load() {
      said = [];
      return Promise.resolve(0);
    },
    apply({ type, version, data }) {
      if (type === 'RoomMessagePosted') said.push({ version, message: data.message });
    },
    state: () => [...said],
  };
}
