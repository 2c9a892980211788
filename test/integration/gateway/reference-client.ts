/**
 * A minimal client of Deskwire's own protocol, as docs/protocol.md section 7 defines it. It subscribes from the first
 * event, applies events in the order received, and continues after its cursor when it reconnects.
 *
 * On a `resync` it loads the state afresh, and subscribes again after the version of the loaded state, with the epoch
 * of the load. If the user's access has changed meanwhile, another `resync` follows. Each loaded part has the version
 * at which it was read. Events up to that version do not change the part.
 */
import type { Client, Listener } from './rig.ts';

// biome-ignore lint/suspicious/noExplicitAny: payloads are whatever the server sent
type Payload = any;

export interface Loaded {
  readonly version: number;
  readonly epoch: string | undefined;
  /** Replaces the model's state with the loaded one. */
  take(): void;
}

/** A client's state of one stream. */
export interface Model {
  /** Empties the state: nothing was received yet, or the user lost access. */
  clear(): void;
  /** Loads the state; undefined for a user without access. */
  load(client: Client): Promise<Loaded | undefined>;
  apply(event: Payload): void;
  /** The state, to compare it with a fresh load. */
  state(): unknown;
}

export interface Follower {
  readonly model: Model;
  /** The reasons of all `resync` events. */
  readonly resyncs: string[];
  /** Disconnects. The next `connect` continues after the cursor. */
  drop(): void;
  connect(): void;
}

export function follow(client: Client, stream: string, model: Model): Follower {
  const resyncs: string[] = [];
  let socket: Listener | undefined;
  /** The last version applied; undefined when there is none. */
  let cursor: number | undefined;
  let epoch: string | undefined;
  /** True from the ack of a subscription until it becomes void. Other events are ignored. */
  let subscribed = false;
  /** The number of loads begun. Only the result of the last one is used. */
  let loads = 0;

  function connect(): void {
    const mine = client.connect('/', { reconnection: false });
    socket = mine;
    mine.socket.on('event', (event: Payload) => {
      if (socket === mine && subscribed) take(event);
    });
    mine.socket.on('resync', ({ reason }: Payload) => {
      if (socket !== mine) return;
      resyncs.push(reason);
      void reload(mine);
    });
    subscribe(mine);
  }

  /** Before the ack, events belong to an earlier subscription. The ack contains them again. */
  function subscribe(mine: Listener): void {
    const load = loads;
    subscribed = false;
    const request = { stream, ...(cursor !== undefined && { after: cursor }), ...(epoch !== undefined && { epoch }) };
    mine.socket.emit('subscribe', request, (answer: Payload) => {
      if (socket !== mine || load !== loads) return;
      if (!answer.success) {
        forget();
        return;
      }
      // A `resync` follows.
      if (!answer.recovered) return;
      if (cursor === undefined) model.clear();
      for (const event of answer.events) take(event);
      cursor = answer.version;
      epoch = answer.epoch;
      subscribed = true;
    });
  }

  async function reload(mine: Listener): Promise<void> {
    const load = ++loads;
    subscribed = false;
    const loaded = await model.load(client);
    if (load !== loads) return;
    if (loaded === undefined) {
      forget();
      return;
    }
    loaded.take();
    cursor = loaded.version;
    epoch = loaded.epoch;
    if (socket === mine) subscribe(mine);
  }

  function take(event: Payload): void {
    model.apply(event);
    cursor = event.version;
  }

  function forget(): void {
    cursor = undefined;
    epoch = undefined;
    model.clear();
  }

  function drop(): void {
    const gone = socket;
    socket = undefined;
    subscribed = false;
    // A load that is in progress is void: the next subscription may be ahead of it.
    loads += 1;
    gone?.socket.io.engine?.close();
    gone?.[Symbol.dispose]();
  }

  return { model, resyncs, drop, connect };
}

type Answer = Awaited<ReturnType<Client['send']>>;

/** The epoch of answers that belong together; undefined when it changed between them. */
function sameEpoch(answers: readonly Answer[]): string | undefined {
  const [epoch, ...others] = new Set(answers.map(({ headers }) => headers.get('deskwire-epoch')));
  return others.length === 0 ? (epoch ?? undefined) : undefined;
}

/** A ticket with its messages. They are loaded by two requests and so have two versions. */
export function ticketModel(ticketId: string, sees: 'everything' | 'public'): Model {
  let ticket: Payload;
  let messages = new Map<string, Payload>();
  let versions = { ticket: 0, messages: 0 };

  function clear(): void {
    ticket = undefined;
    messages = new Map();
    versions = { ticket: 0, messages: 0 };
  }

  function applyToTicket({ type, data, actor, time }: Payload): void {
    if (type === 'TicketOpened') {
      const nobody = { assigneeId: null, participantIds: [] };
      ticket = { id: ticketId, ...data, ...nobody, status: 'open', createdAt: time, updatedAt: time };
      return;
    }
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
    clear,
    async load(client) {
      const [one, page] = await Promise.all([
        client.send('GET', `/api/v1/tickets/${ticketId}`),
        client.send('GET', `/api/tickets/${ticketId}/chat?limit=200`),
      ]);
      if (one.status === 404 || page.status === 404) return undefined;
      const epoch = sameEpoch([one, page]);
      if (epoch === undefined) return this.load(client);
      return {
        version: Math.min(one.body.version, page.body.version),
        epoch,
        take() {
          ticket = one.body;
          messages = new Map(page.body.messages.map((message: Payload) => [message.id, message]));
          versions = { ticket: one.body.version, messages: page.body.version };
        },
      };
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
      if (ticket === undefined) return 'nothing';
      const { version: _version, unread: _unread, participantIds, ...fields } = ticket;
      // The author of an internal note becomes a participant. A client without access to the note learns it by a load.
      const people = sees === 'everything' ? { participantIds: [...participantIds].sort() } : {};
      const conversation = [...messages.values()].sort((a, b) => a.version - b.version);
      return { ...fields, ...people, messages: conversation };
    },
  };
}

export function inboxModel(): Model {
  let notifications = new Map<string, Payload>();
  let unseen = 0;
  return {
    clear() {
      notifications = new Map();
      unseen = 0;
    },
    async load(client) {
      const found = new Map<string, Payload>();
      const answers: Answer[] = [];
      let newest = 0;
      let cursor: string | null = '';
      while (cursor !== null) {
        const answer: Answer = await client.send(
          'GET',
          `/api/v1/notifications?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        const { body } = answer;
        answers.push(answer);
        for (const { id, seq, type, title, message, data, priority, read } of body.items) {
          found.set(id, { id, seq, type, title, message, data, priority, read });
          newest = Math.max(newest, seq);
        }
        cursor = body.nextCursor;
      }
      const counts = await client.send('GET', '/api/v1/notifications/unread-count');
      answers.push(counts);
      const epoch = sameEpoch(answers);
      if (epoch === undefined) return this.load(client);
      const take = () => {
        notifications = found;
        unseen = counts.body.unseen;
      };
      return { version: newest, epoch, take };
    },
    apply({ type, id, version, data }) {
      if (type === 'NotificationReceived') {
        const { type: kind, title, message, data: more, priority, read } = data;
        notifications.set(id, { id, seq: version, type: kind, title, message, data: more, priority, read });
        if (!read) unseen += 1;
      }
      if (type !== 'NotificationsUnread') return;
      const isUnread = (seq: number) =>
        data.unread.some(([first, last]: [number, number]) => first <= seq && seq <= last);
      for (const one of notifications.values()) {
        if (data.from <= one.seq && one.seq <= data.upTo) one.read = !isUnread(one.seq);
      }
      // Later notifications are unread.
      const later = [...notifications.values()].filter(({ seq, read }) => seq > data.upTo && !read);
      unseen = data.unseen + later.length;
    },
    state: () => ({ unseen, notifications: [...notifications.values()].sort((a, b) => a.seq - b.seq) }),
  };
}

/** The messages of a room. There is no load: the stream is the only source. */
export function roomModel(): Model {
  let said: Payload[] = [];
  return {
    clear() {
      said = [];
    },
    load: () => Promise.resolve(undefined),
    apply({ type, version, data }) {
      if (type === 'RoomMessagePosted') said.push({ version, message: data.message });
    },
    state: () => [...said],
  };
}
