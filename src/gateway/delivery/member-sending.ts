/**
 * Sends the events of one ticket or room to its members. Each member is in one of two Socket.IO rooms: staff in the one
 * whose events have the versions of the stream, all others in the one with public versions. An event is rendered once
 * per dialect, and twice when the two numberings differ. Only a message with attachments is rendered for each member,
 * because its links are signed for one user.
 */
import type { RecordedEvent } from '../../domain/event.ts';
import type { View } from '../../domain/ticket/public-view.ts';
import { visibilityOf } from '../../domain/visibility.ts';
import { userRoom } from '../connection/client.ts';
import type { Dialect, StreamWire } from '../dialects/dialect.ts';
import type { LiveKind } from '../dialects/joining.ts';
import type { MessageWireFor } from '../wire.ts';
import { memberRoom } from './member-rooms.ts';
import type { SocketRooms } from './socket-rooms.ts';
import { tableOf } from './stream-access.ts';
import type { StreamMembers } from './stream-members.ts';

export interface MemberSending {
  /** Sends an event to all members who may receive it. */
  deliver(event: RecordedEvent): void;
  /** Sends to all members except the sockets of `exceptUser`. */
  send(dialect: Dialect, wire: StreamWire, exceptUser?: string): void;
}

interface MemberSendingDeps {
  readonly members: StreamMembers;
  readonly rooms: SocketRooms;
  readonly messageWireFor: MessageWireFor;
  shownEvent(event: RecordedEvent, view: View): RecordedEvent;
  /** Whether the stream has events that only staff may see, so that versions differ by view. */
  hasInternal(): boolean;
}

export function createMemberSending(kind: LiveKind, id: string, deps: MemberSendingDeps): MemberSending {
  const { members, rooms, messageWireFor } = deps;

  function deliverToAll(event: RecordedEvent): void {
    const isPublic = visibilityOf(event) === 'public';
    const shownAlike = kind === 'room' || !deps.hasInternal();
    for (const dialect of members.dialects) {
      const render = (view: View) =>
        tableOf(dialect, kind)?.render(deps.shownEvent(event, view), messageWireFor()) ?? [];
      for (const wire of render('staff')) {
        if (isPublic && shownAlike) send(dialect, wire);
        else sendToView(dialect, wire, 'staff');
      }
      if (isPublic && !shownAlike) for (const wire of render('public')) sendToView(dialect, wire, 'public');
    }
  }

  /** Renders for each member: a link to an attachment is signed for one user and must not reach another. */
  function deliverToEach(event: RecordedEvent): void {
    for (const { client, dialect, internal, view, live } of members) {
      if (!live || (!internal && visibilityOf(event) === 'internal')) continue;
      const shown = deps.shownEvent(event, view);
      for (const wire of tableOf(dialect, kind)?.render(shown, messageWireFor(client.user)) ?? []) {
        if (internal || wire.audience === 'public') client.send(wire);
      }
    }
  }

  function send(dialect: Dialect, wire: StreamWire, exceptUser?: string): void {
    sendToView(dialect, wire, 'staff', exceptUser);
    if (wire.audience === 'public') sendToView(dialect, wire, 'public', exceptUser);
  }

  function sendToView(dialect: Dialect, wire: StreamWire, view: View, exceptUser?: string): void {
    if (wire.audience === 'internal' && tableOf(dialect, kind)?.internal !== true) return;
    const except = exceptUser === undefined ? wire.exceptSocket : userRoom(exceptUser);
    rooms.send(dialect.namespace, memberRoom(dialect, kind, id, view), wire, except);
  }

  return {
    deliver(event) {
      if (event.type === 'MessagePosted' && event.data.attachments.length > 0) deliverToEach(event);
      else deliverToAll(event);
    },
    send,
  };
}
