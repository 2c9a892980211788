/** The readClients clients, with a button to disconnect each. */
import { useCallback, useState } from 'react';
import type { Role } from '../../../../src/client/index.ts';
import { AskFirst } from '../../components/ask-first.tsx';
import { Avatar } from '../../components/avatar.tsx';
import { usePolled } from '../../components/polled.ts';
import { useFormats, useTexts, useWords } from '../../language/language.tsx';
import { useSignedIn } from '../../session/signed-in.tsx';
import { useOperation } from './use-operation.ts';
import { OPERATIONS_WORDS } from './words.ts';

/** A client as `GET /websocket/clients` answers. */
interface ConnectedClient {
  readonly clientId: string;
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
  readonly namespace: string;
  readonly transport: string;
  readonly connectedAt: string;
  readonly rooms: readonly string[];
}

interface ClientsPage {
  readonly clients: readonly ConnectedClient[];
  readonly nextCursor: string | null;
}

interface Status {
  readonly connections: number;
  readonly users: number;
  readonly nodes: number;
  readonly uptime: number;
}

/** Milliseconds between two requests. */
const POLL_INTERVAL = 3_000;
const PAGE = 100;

export function Clients() {
  const words = useWords(OPERATIONS_WORDS);
  const formats = useFormats();
  const { client } = useSignedIn();
  const [pages, setPages] = useState(1);
  const read = useCallback(
    async (signal: AbortSignal) => {
      const [status, page] = await Promise.all([
        client.request<Status>('GET', '/websocket/status', { signal }),
        readClients(client.request, pages, signal),
      ]);
      return { status, ...page };
    },
    [client, pages],
  );
  const { value, refresh } = usePolled(read, POLL_INTERVAL);
  if (value === undefined) return null;
  const { status, clients, hasMore } = value;
  const facts = [
    words.connections(status.connections),
    words.users(status.users),
    words.nodes(status.nodes),
    words.up(formats.duration(status.uptime)),
  ];
  return (
    <section className="operations-part" aria-labelledby="clients-title">
      <div className="part-head">
        <h2 id="clients-title">{words.clients}</h2>
        <p className="muted small">{facts.join(' · ')}</p>
      </div>
      {clients.length === 0 && <p className="card nothing muted">{words.noClients}</p>}
      {clients.length > 0 && (
        <ul className="card lines">
          {clients.map((one) => (
            <Entry key={one.clientId} one={one} onDone={refresh} />
          ))}
        </ul>
      )}
      {hasMore && (
        <button type="button" className="button" onClick={() => setPages(pages + 1)}>
          {words.more}
        </button>
      )}
    </section>
  );
}

type Request = ReturnType<typeof useSignedIn>['client']['request'];

async function readClients(request: Request, pages: number, signal: AbortSignal) {
  const clients: ConnectedClient[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pages; page += 1) {
    const query: object = { limit: PAGE, ...(cursor !== null && { cursor }) };
    const answer: ClientsPage = await request('GET', '/websocket/clients', { query, signal });
    clients.push(...answer.clients);
    cursor = answer.nextCursor;
    if (cursor === null) break;
  }
  return { clients, hasMore: cursor !== null };
}

function Entry({ one, onDone }: { readonly one: ConnectedClient; readonly onDone: () => void }) {
  const words = useWords(OPERATIONS_WORDS);
  const texts = useTexts();
  const formats = useFormats();
  const { client, me } = useSignedIn();
  const { busy, run } = useOperation(onDone);
  const { clientId, userId, name, role, namespace, transport, connectedAt, rooms } = one;
  return (
    <li className="client" data-user={userId}>
      <Avatar name={name} />
      <div className="client-who">
        <p>
          <bdi>{name}</bdi> <span className="muted small">{texts.roles[role]}</span>{' '}
          {userId === me.id && <span className="pill">{words.you}</span>}
        </p>
        <p className="muted small">
          <bdi className="mono">{namespace}</bdi> · {transport} · {words.since(formats.exact(connectedAt))}
          {rooms.length > 0 && <> · {words.inRooms(rooms.length)}</>}
        </p>
      </div>
      <AskFirst
        action={words.kick}
        label={words.of(words.kick, name)}
        title={words.kickTitle(name)}
        text={words.kickText}
        disabled={busy}
        onConfirm={() => run(() => client.request('DELETE', `/websocket/clients/${encodeURIComponent(clientId)}`))}
      >
        {words.kick}
      </AskFirst>
    </li>
  );
}
