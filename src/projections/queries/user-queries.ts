/** Reading users and references. */
import { type Kysely, sql } from 'kysely';
import type { Role, UserFacts } from '../../domain/user/identity.ts';
import { decodeTextCursor, encodeCursor } from '../cursor.ts';
import type { Queries } from '../queries.ts';
import type { ReadModels, Run } from './read-models.ts';

interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly active: boolean;
  readonly email: string | null;
  readonly vendor_id: string | null;
}

interface ReferenceRow {
  readonly name: string | null;
  readonly vendor_id: string | null;
  readonly verified_by: string | null;
}

const COLUMNS = 'u.id, u.name, u.role, u.active, u.email, u.vendor_id';
const CURSOR = 'users';

export function userQueries(
  run: Run,
  db: Kysely<unknown>,
  models: ReadModels,
): Pick<Queries, 'user' | 'users' | 'reference'> {
  const byId = `select ${COLUMNS} from ${models.users} u where u.id = $1`;
  const reference = `select name, vendor_id, verified_by from ${models.references} where type = $1 and id = $2`;
  return {
    async user(id) {
      const [row] = await run<UserRow>('user', byId, [id]);
      return row && userFacts(row);
    },

    async reference(type, id) {
      const [row] = await run<ReferenceRow>('reference', reference, [type, id]);
      return row && { exists: true, type, id, name: row.name, vendorId: row.vendor_id, verifiedBy: row.verified_by };
    },

    async users({ role, active }, { cursor, limit }) {
      const conditions = [
        sql`true`,
        ...(cursor === undefined ? [] : [sql`u.id > ${decodeTextCursor(CURSOR, cursor)}`]),
        ...(role === undefined ? [] : [sql`u.role = ${role}`]),
        ...(active === undefined ? [] : [sql`u.active = ${active}`]),
      ];
      const { rows } = await sql<UserRow>`
        select ${sql.raw(COLUMNS)} from ${sql.raw(models.users)} u
        where ${sql.join(conditions, sql` and `)} order by u.id limit ${limit + 1}
      `.execute(db);
      const items = rows.slice(0, limit).map(userFacts);
      const last = items.at(-1);
      return { items, nextCursor: rows.length > limit && last ? encodeCursor(CURSOR, last.id) : null };
    },
  };
}

function userFacts({ id, name, role, active, email, vendor_id }: UserRow): UserFacts {
  return {
    id,
    name,
    role,
    active,
    ...(email !== null && { email }),
    ...(vendor_id !== null && { vendorId: vendor_id }),
  };
}
