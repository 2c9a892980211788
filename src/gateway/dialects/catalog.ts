/**
 * The tables of all dialects merged: every namespace with its requests and events. It is the only list of these names:
 * dispatch, the AsyncAPI document, the taken names and the tests of all dialects are derived from it.
 */
import Type, { type TSchema } from 'typebox';
import { type Validator, validator } from '../../contract/validation.ts';
import { commonEvents, commonRequests } from './common.ts';
import type { Dialect } from './dialect.ts';
import type { Request } from './request.ts';

/** The fields of a handshake that tell from where the inbox goes on. */
export interface Handshake {
  readonly lastSeq?: number;
  readonly epoch?: string;
}

export interface NamespaceCatalog {
  readonly namespace: string;
  readonly dialects: readonly Dialect[];
  /** Throws `invalid_payload` for a handshake with a wrong field. */
  readonly handshake: Validator<Handshake>;
  readonly requests: ReadonlyMap<string, Request>;
  readonly events: ReadonlyMap<string, TSchema>;
}

/** The catalog by namespace. Throws RangeError when two dialects of a namespace use the same name. */
export function catalogOf(dialects: readonly Dialect[]): ReadonlyMap<string, NamespaceCatalog> {
  const catalog = new Map<string, NamespaceCatalog>();
  for (const [namespace, own] of Map.groupBy(dialects, (dialect) => dialect.namespace)) {
    catalog.set(namespace, {
      namespace,
      dialects: own,
      handshake: handshakeOf(own),
      requests: merged([commonRequests, ...own.map(({ requests }) => requests)]),
      events: merged([commonEvents, ...own.map(({ events }) => events)]),
    });
  }
  return catalog;
}

/** Of other fields, only those of the namespace are read: a client may send the same `auth` to all namespaces. */
function handshakeOf(dialects: readonly Dialect[]): Validator<Handshake> {
  const fields: Readonly<Record<string, TSchema>> = Object.assign({}, ...dialects.map(({ handshake }) => handshake));
  const validate = validator(Type.Object(fields, { additionalProperties: false }));
  return (auth) => {
    const given = Object.entries(auth as object).filter(([name]) => Object.hasOwn(fields, name));
    return validate(Object.fromEntries(given)) as Handshake;
  };
}

function merged<T>(tables: readonly Readonly<Record<string, T>>[]): Map<string, T> {
  const all = new Map<string, T>();
  for (const [name, one] of tables.flatMap((table) => Object.entries(table))) {
    if (all.has(name)) throw new RangeError(`two dialects of one namespace use the name ${name}`);
    all.set(name, one);
  }
  return all;
}

/** Names that Socket.IO uses itself and refuses to send. Source: RESERVED_EVENTS of socket.io and its client. */
const SOCKET_IO = ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'];

/** Names that a socket push must not use, because clients of some namespace already give them a meaning. */
export function takenNames(dialects: readonly Dialect[]): ReadonlySet<string> {
  const taken = new Set(SOCKET_IO);
  for (const { requests, events } of catalogOf(dialects).values()) {
    for (const name of [...requests.keys(), ...events.keys()]) taken.add(name);
  }
  return taken;
}
