/**
 * A minimal client of Deskwire's own protocol, as docs/protocol.md section 7 defines it. It subscribes from the
 * beginning, applies what it is sent in the order received, and goes on after its cursor when it comes back. When it is
 * told to load afresh it does, and subscribes again after the version of what it loaded, with the epoch that came with
 * it: if what it may see changed meanwhile, it is told once more. Each part of what it loads has the version that it
 * was read at; events that are no newer change nothing in it.
 */
import type { Client, Listener } from './rig.ts';

// biome-ignore lint/suspicious/noExplicitAny: payloads are whatever the server sent
type Payload = any;

export interface Loaded {
  readonly version: number;
  readonly epoch: string | undefined;
  /** Makes it the model's. */
  take(): void;
}

/** What a client makes of one stream. */
export interface Model {
  /** Nothing yet, or no more. */
  clear(): void;
  /** What a fresh load gives; undefined when there is nothing to see. */
  load(client: Client): Promise<Loaded | undefined>;
  apply(event: Payload): void;
  /** To be compared with that of a fresh load. */
  state(): unknown;
}

export interface Follower {
  readonly model: Model;
  /** Why it was told to load afresh, each time. */
  readonly resyncs: string[];
  /** The socket is gone without a word; the next one goes on where it was. */
  drop(): void;
  connect(): void;
}

export function follow(client: Client, stream: string, model: Model): Follower {
  const resyncs: string[] = [];
  let socket: Listener | undefined;
  /** Undefined while there is nothing to go on from. */
  let cursor: number | undefined;
  let epoch: string | undefined;
  /** From its ack until something makes it void: only then are events for us. */
  let subscribed = false;
  /** Counts loads: of what is under way, only the last counts. */
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

  /** Until the ack, events are of an earlier subscription, and the ack brings them again. */
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
      // A resync follows, and tells to load.
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
    // What is being loaded is of no use: the next subscription may be ahead of it.
    loads += 1;
    gone?.socket.io.engine?.close();
    gone?.[Symbol.dispose]();
  }

  return { model, resyncs, drop, connect };
}

type Answer = Awaited<ReturnType<Client['send']>>;

/** Of answers that belong together; undefined when what may be seen changed between them. */
function sameEpoch(answers: readonly Answer[]): string | undefined {
  const [epoch, ...others] = new Set(answers.map(({ headers }) => headers.get('deskwire-epoch')));
  return others.length === 0 ? (epoch ?? undefined) : undefined;
}

/** A ticket with its messages: two requests, and so two versions. */
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
      // Whoever posts an internal note becomes a participant; who does not see the note, hears of that with a load only.
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
      // What came after that is new.
      const later = [...notifications.values()].filter(({ seq, read }) => seq > data.upTo && !read);
      unseen = data.unseen + later.length;
    },
    state: () => ({ unseen, notifications: [...notifications.values()].sort((a, b) => a.seq - b.seq) }),
  };
}

/** Nothing but what was said; nothing to load it from but the stream itself. */
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
