/** Queries on rooms. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { mayConfigureRoom } from '../../domain/access.ts';
import type { UserFacts } from '../../domain/user/identity.ts';
import { decodeTextCursor, encodeCursor } from './cursor.ts';
import type { Queries, RoomView } from './queries.ts';
import type { ReadModels, Run } from './read-models.ts';

interface RoomRow {
  readonly name: string;
  readonly private: boolean;
  readonly members: readonly string[];
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

const COLUMNS = 'r.name, r.private, r.members, r.version, r.created_at, r.updated_at';
const CURSOR = 'rooms';

export function roomQueries(run: Run, db: Kysely<unknown>, models: ReadModels): Pick<Queries, 'room' | 'rooms'> {
  const byName = `select ${COLUMNS} from ${models.rooms} r where r.name = $1`;
  return {
    async room(name) {
      const [row] = await run<RoomRow>('room', byName, [name]);
      return row && roomView(row);
    },

    async rooms(viewer, { cursor, limit }) {
      const after = cursor === undefined ? sql`true` : sql`r.name > ${decodeTextCursor(CURSOR, cursor)}`;
      const { rows } = await sql<RoomRow>`
        select ${sql.raw(COLUMNS)} from ${sql.raw(models.rooms)} r
        where ${after} and ${knownTo(viewer)} order by r.name limit ${limit + 1}
      `.execute(db);
      const items = rows.slice(0, limit).map(roomView);
      const last = items.at(-1);
      return { items, nextCursor: rows.length > limit && last ? encodeCursor(CURSOR, last.name) : null };
    },
  };
}

/** The domain's `mayKnowRoom` as a condition on a row `r`. */
function knownTo(viewer: UserFacts): RawBuilder<unknown> {
  if (!viewer.active) return sql`false`;
  return mayConfigureRoom(viewer) ? sql`true` : sql`(not r.private or r.members @> array[${viewer.id}])`;
}

function roomView({ created_at, updated_at, ...row }: RoomRow): RoomView {
  return { ...row, createdAt: created_at, updatedAt: updated_at };
}
