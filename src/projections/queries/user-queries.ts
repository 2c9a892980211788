/** Queries on users and references. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { ASSIGNABLE_ROLES } from '../../domain/access.ts';
import type { Role } from '../../domain/user/identity.ts';
import { decodeTextCursor, encodeCursor } from './cursor.ts';
import type { Queries, UserView } from './queries.ts';
import type { ReadModels, Run } from './read-models.ts';
import { patternOf, wordsOf } from './words.ts';

interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly active: boolean;
  readonly email: string | null;
  readonly vendor_id: string | null;
  readonly version: number;
  readonly name_search: string;
}

interface ReferenceRow {
  readonly name: string | null;
  readonly vendor_id: string | null;
  readonly verified_by: string | null;
  readonly version: number;
}

const COLUMNS = 'u.id, u.name, u.role, u.active, u.email, u.vendor_id, u.version, u.name_search';

interface Order {
  readonly by: RawBuilder<unknown>;
  after(cursor: string): RawBuilder<unknown>;
  cursorOf(last: UserRow): string;
}

const BY_ID: Order = {
  by: sql`u.id`,
  after: (cursor) => sql`u.id > ${decodeTextCursor('users', cursor)}`,
  cursorOf: ({ id }) => encodeCursor('users', id),
};

/** Names may be equal, so the cursor has both. An id has no line break. */
const BY_NAME: Order = {
  by: sql`u.name_search, u.id`,
  after(cursor) {
    const [id = '', name = ''] = decodeTextCursor('users by name', cursor).split('\n');
    return sql`(u.name_search, u.id) > (${name}, ${id})`;
  },
  cursorOf: ({ id, name_search }) => encodeCursor('users by name', `${id}\n${name_search}`),
};

export function userQueries(
  run: Run,
  db: Kysely<unknown>,
  models: ReadModels,
): Pick<Queries, 'user' | 'users' | 'vendorHolders' | 'reference'> {
  const byId = `select ${COLUMNS} from ${models.users} u where u.id = $1`;
  const holders = `select u.id from ${models.users} u where u.vendor_id = $1 limit 2`;
  const reference = `select name, vendor_id, verified_by, version from ${models.references} where type = $1 and id = $2`;
  return {
    async user(id) {
      const [row] = await run<UserRow>('user', byId, [id]);
      return row && userView(row);
    },

    async vendorHolders(vendorId) {
      return (await run<{ id: string }>('vendor_holders', holders, [vendorId])).map(({ id }) => id);
    },

    async reference(type, id) {
      const [row] = await run<ReferenceRow>('reference', reference, [type, id]);
      if (row === undefined) return undefined;
      const { name, vendor_id: vendorId, verified_by: verifiedBy, version } = row;
      return { exists: true, type, id, name, vendorId, verifiedBy, version };
    },

    async users({ role, active, assignable = false, text }, { cursor, limit }) {
      const order = assignable ? BY_NAME : BY_ID;
      const patterns = wordsOf(text).map(patternOf);
      const conditions = [
        sql`true`,
        ...(cursor === undefined ? [] : [order.after(cursor)]),
        ...(role === undefined ? [] : [sql`u.role = ${role}`]),
        ...(active === undefined ? [] : [sql`u.active = ${active}`]),
        ...(assignable ? [sql`u.active and u.role = any(${[...ASSIGNABLE_ROLES]}::text[])`] : []),
        ...(patterns.length === 0
          ? []
          : [sql`u.name_search || ' ' || coalesce(u.email_search, '') like all (${patterns}::text[])`]),
      ];
      const { rows } = await sql<UserRow>`
        select ${sql.raw(COLUMNS)} from ${sql.raw(models.users)} u
        where ${sql.join(conditions, sql` and `)} order by ${order.by} limit ${limit + 1}
      `.execute(db);
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return { items: page.map(userView), nextCursor: rows.length > limit && last ? order.cursorOf(last) : null };
    },
  };
}

function userView({ id, name, role, active, email, vendor_id, version }: UserRow): UserView {
  return {
    id,
    name,
    role,
    active,
    version,
    ...(email !== null && { email }),
    ...(vendor_id !== null && { vendorId: vendor_id }),
  };
}
