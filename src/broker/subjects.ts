/**
 * Names on NATS. Each starts with the namespace, so that several Deskwires can share a server:
 *
 *   <namespace>.events.<kind>.<id>.<public|internal>   published by the relay; stored by JetStream
 *   <namespace>.live.<kind>.<id>.<public|internal>     the same, republished by JetStream after storing
 *   <namespace>.signals.<token>…                       ephemeral messages
 *   <namespace>.requests.<token>…                      questions that are answered
 *   $KV.<namespace>-<board>.<token>                    an entry of a board
 *
 * Ids are encoded so that none can add a token or a wildcard. Letters, digits, `-` and `_` stay. Any other byte of the
 * id's UTF-8 becomes `=` and two hex digits.
 */
import { parseStream, type RecordedEvent, type Stream, type StreamKind } from '../domain/event.ts';
import { visibilityOf } from '../domain/visibility.ts';
import type { Topic } from './port.ts';

export interface Subjects {
  readonly allEvents: string;
  readonly allLive: string;
  event(event: RecordedEvent): string;
  /** The subject of an event or a live event without its beginning, which differs between the two. */
  pathOf(subject: string): string;
  liveStream(stream: Stream): string;
  liveKind(kind: StreamKind): string;
  signal(topic: Topic): string;
  request(topic: Topic): string;
  bucket(board: string): string;
  token(text: string): string;
}

export function subjectsOf(namespace: string): Subjects {
  return {
    allEvents: `${namespace}.events.>`,
    allLive: `${namespace}.live.>`,
    event: (event) => `${namespace}.events.${tokensOf(event.stream)}.${visibilityOf(event)}`,
    pathOf: (subject) => subject.slice(subject.indexOf('.', namespace.length + 1) + 1),
    liveStream: (stream) => `${namespace}.live.${tokensOf(stream)}.*`,
    liveKind: (kind) => `${namespace}.live.${kind}.>`,
    signal: (topic) => `${namespace}.signals.${topic.map(encodeToken).join('.')}`,
    request: (topic) => `${namespace}.requests.${topic.map(encodeToken).join('.')}`,
    bucket: (board) => `${namespace}-${board}`,
    token: encodeToken,
  };
}

function tokensOf(stream: Stream): string {
  const { kind, id } = parseStream(stream);
  return `${kind}.${encodeToken(id)}`;
}

const PLAIN = /^[A-Za-z0-9_-]+$/;

export function encodeToken(text: string): string {
  if (PLAIN.test(text)) return text;
  if (text === '') return '=';
  let token = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const character = String.fromCharCode(byte);
    token += PLAIN.test(character) ? character : `=${byte.toString(16).padStart(2, '0')}`;
  }
  return token;
}
