/**
 * Daily quotas of users: what a user may add to the log, or store, from one midnight UTC to the next. They bound what a
 * user can cost in the long run; the limits of rates bound it for a moment.
 *
 * Use is counted in Postgres, so that neither a restart nor another process begins anew. A process takes a block of a
 * quota at a time and spends it from memory, so most requests ask Postgres nothing. Blocks become smaller towards the
 * end of a quota. A process that ends loses the rest of its blocks: a user then has a little less for this day, never
 * more.
 */
import type { Pool } from 'pg';
import { DeskwireError } from '../domain/errors.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import { createLanes } from '../support/lanes.ts';

export interface Quotas {
  /**
   * Spends `amount` of the user's quota, for one task. A task that fails or does nothing gives the amount back: return
   * `spent: false`. Rejects with `rate_limited`, and the seconds until the next day, when there is not enough left.
   */
  spend<T>(user: UserFacts, quota: string, amount: number, task: () => Promise<Spent<T>>): Promise<T>;
}

export interface Spent<T> {
  readonly value: T;
  readonly spent: boolean;
}

export interface Quota {
  /** For one user and day. */
  readonly perDay: number;
  /** What a process takes at once, at most, unless one task needs more. */
  readonly block: number;
}

interface QuotasDeps {
  readonly pool: Pick<Pool, 'query'>;
  /** A quota that is not named has no bound. */
  readonly limits: Readonly<Record<string, Quota>>;
  /** Unix time in milliseconds. */
  readonly now: () => number;
}

/**
 * Takes a block: what is needed at least, and a fifth of what is left at most, so that the last of a quota is taken
 * singly and no process holds what another one needs. Takes nothing when less is left than is needed.
 * Values: user, quota, day, block, limit, needed.
 */
const TAKE = {
  name: 'quotas_take',
  text: `
    update deskwire.quotas as held set (day, used, granted) = (
      select today.day, today.used + block.taken, block.taken
      from (
        select greatest(held.day, $3::date) as day, case when held.day < $3::date then 0 else held.used end as used
      ) as today, lateral (
        select case when today.used + $6::bigint > $5::bigint then 0
          else greatest($6, least($4::bigint, ($5 - today.used) / 5)) end as taken
      ) as block
    )
    where user_id = $1 and quota = $2
    returning granted, used`,
};
const OPEN = `
  insert into deskwire.quotas (user_id, quota, day, used, granted) values ($1, $2, $3, 0, 0) on conflict do nothing`;

const DAY = 86_400_000;
/** The number of blocks that are remembered. A block that is forgotten counts as spent. */
const REMEMBERED = 10_000;

interface Block {
  readonly day: string;
  left: number;
  /** True when the quota of the day has been given out. A user who goes on then costs no statement. */
  exhausted: boolean;
}

export const noQuotas: Quotas = { spend: async (_user, _quota, _amount, task) => (await task()).value };

export function createQuotas({ pool, limits, now }: QuotasDeps): Quotas {
  const blocks = new Map<string, Block>();
  const lanes = createLanes<string>();

  function blockOf(key: string, day: string): Block {
    const known = blocks.get(key);
    const block = known?.day === day ? known : { day, left: 0, exhausted: false };
    blocks.delete(key);
    blocks.set(key, block);
    const [oldest] = blocks.keys();
    if (blocks.size > REMEMBERED && oldest !== undefined) blocks.delete(oldest);
    return block;
  }

  async function grantOf(userId: string, name: string, day: string, { perDay, block }: Quota, needed: number) {
    const statement = { ...TAKE, values: [userId, name, day, block, perDay, needed] };
    let { rows } = await pool.query<{ granted: string; used: string }>(statement);
    if (rows.length === 0) {
      await pool.query(OPEN, [userId, name, day]);
      ({ rows } = await pool.query<{ granted: string; used: string }>(statement));
    }
    const [row] = rows;
    if (row === undefined) throw new Error(`deskwire.quotas has no row for ${name} of ${userId}`);
    return { granted: Number(row.granted), exhausted: Number(row.used) >= perDay };
  }

  async function take(userId: string, name: string, quota: Quota, amount: number): Promise<Block> {
    const day = new Date(now()).toISOString().slice(0, 10);
    const block = blockOf(`${name} ${userId}`, day);
    if (block.left < amount && !block.exhausted) {
      const { granted, exhausted } = await grantOf(userId, name, day, quota, amount - block.left);
      block.left += granted;
      block.exhausted = exhausted;
    }
    if (block.left < amount) {
      const retryAfter = Math.ceil((DAY - (now() % DAY)) / 1_000);
      throw new DeskwireError('rate_limited', `The daily limit of ${name} is reached`, { retryAfter });
    }
    block.left -= amount;
    return block;
  }

  return {
    async spend(user, name, amount, task) {
      const quota = limits[name];
      if (quota === undefined) return (await task()).value;
      // One after the other for each user: requests at the same time take one block, and not one each.
      const block = await lanes.run(`${name} ${user.id}`, () => take(user.id, name, quota, amount));
      let spent = false;
      try {
        const outcome = await task();
        spent = outcome.spent;
        return outcome.value;
      } finally {
        if (!spent) block.left += amount;
      }
    },
  };
}
