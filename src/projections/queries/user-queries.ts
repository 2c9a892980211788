/** Queries on users and references. */
import { type Kysely, sql } from 'kysely';
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
}

interface ReferenceRow {
  readonly name: string | null;
  readonly vendor_id: string | null;
  readonly verified_by: string | null;
  readonly version: number;
}

const COLUMNS = 'u.id, u.name, u.role, u.active, u.email, u.vendor_id, u.version';
const CURSOR = 'users';

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

    async users({ role, active, text }, { cursor, limit }) {
      const patterns = wordsOf(text).map(patternOf);
      const conditions = [
        sql`true`,
        ...(cursor === undefined ? [] : [sql`u.id > ${decodeTextCursor(CURSOR, cursor)}`]),
        ...(role === undefined ? [] : [sql`u.role = ${role}`]),
        ...(active === undefined ? [] : [sql`u.active = ${active}`]),
        ...(patterns.length === 0
          ? []
          : [sql`u.name_search || ' ' || coalesce(u.email_search, '') like all (${patterns}::text[])`]),
      ];
      const { rows } = await sql<UserRow>`
        select ${sql.raw(COLUMNS)} from ${sql.raw(models.users)} u
        where ${sql.join(conditions, sql` and `)} order by u.id limit ${limit + 1}
      `.execute(db);
      const items = rows.slice(0, limit).map(userView);
      const last = items.at(-1);
      return { items, nextCursor: rows.length > limit && last ? encodeCursor(CURSOR, last.id) : null };
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
