/** The names of memberships, and of the Socket.IO rooms of a stream's members. */
import type { View } from '../../domain/ticket/public-view.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { LiveKind } from '../dialects/joining.ts';

/** The name under which a client keeps its membership of a stream. */
export function memberName({ name }: Dialect, kind: LiveKind, id: string): string {
  return `${name}:${kind}:${id}`;
}

/**
 * The Socket.IO room of a stream's members. The prefix keeps names given by clients apart from the server's own rooms.
 */
export function memberRoom(dialect: Dialect, kind: LiveKind, id: string, view: View): string {
  const name = memberName(dialect, kind, id);
  return view === 'public' ? name : `${name}:staff`;
}

/** The rooms of all members. Each member is in one of them. */
export function memberRooms(dialect: Dialect, kind: LiveKind, id: string): string[] {
  return [memberRoom(dialect, kind, id, 'public'), memberRoom(dialect, kind, id, 'staff')];
}
