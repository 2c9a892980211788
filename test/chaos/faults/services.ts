/** NATS and Postgres, which die, hang, lose what they hold, or are put back to an older state. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'nats';
import { until } from '../../support/until.ts';
import { aMoment, type Fault, type Scene } from './fault.ts';

/** Milliseconds for the system to find out what happened to it. */
const PATIENCE = { timeoutMs: 30_000, everyMs: 20 };

const killNats: Fault = {
  kind: 'kill nats-server',
  weight: 6,
  async run({ system, random }) {
    await system.nats.kill();
    await sleep(aMoment(random));
    await system.nats.start();
  },
};

const restartNats: Fault = {
  kind: 'restart nats-server',
  weight: 4,
  async run({ system }) {
    await system.nats.stop();
    await system.nats.start();
  },
};

const stopNats: Fault = {
  kind: 'stop nats-server',
  weight: 5,
  async run({ system, random }) {
    await system.nats.pause();
    await sleep(aMoment(random));
    await system.nats.resume();
  },
};

const deleteStream: Fault = {
  kind: 'delete the JetStream stream',
  weight: 6,
  async run({ system, random }) {
    const connection = await connect({ servers: system.nats.url });
    try {
      const manager = await connection.jetstreamManager();
      // Somebody may be at replacing it.
      await manager.streams.delete('deskwire-events').catch(() => undefined);
    } finally {
      await connection.close();
    }
    await sleep(aMoment(random) / 2);
  },
};

const killPostgres: Fault = {
  kind: 'kill Postgres',
  weight: 6,
  async run({ system, random }) {
    await system.postgres.kill();
    await sleep(aMoment(random) / 2);
    await system.postgres.start();
  },
};

const killBoth: Fault = {
  kind: 'kill Postgres and nats-server',
  weight: 2,
  async run({ system }) {
    await Promise.all([system.postgres.kill(), system.nats.kill()]);
    await Promise.all([system.postgres.start(), system.nats.start()]);
  },
};

/**
 * A backup is taken under load, and put back a moment later: what was recorded in between is gone. Ends when every node knows
 * that this is another history.
 */
const restore: Fault = {
  kind: 'restore an older backup',
  weight: 2,
  async run(scene) {
    const { system, desk, random, followers, restores } = scene;
    const { database } = system;
    const backup = `${database}_backup`;
    const shut = [
      `alter database ${database} allow_connections false`,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
    ];
    const open = `alter database ${database} allow_connections true`;
    await whenAlone(() =>
      system.asAdmin(
        `drop database if exists ${backup}`,
        ...shut,
        `create database ${backup} template ${database} strategy file_copy`,
        open,
      ),
    );
    await sleep(aMoment(random));
    const before = await headOf(scene);
    await whenAlone(() =>
      system.asAdmin(
        ...shut,
        `drop database if exists ${database} with (force)`,
        `create database ${database} template ${backup} strategy file_copy`,
      ),
    );
    const { position } = await headOf(scene);
    await until(async () => (await headOf(scene)).epoch !== before.epoch, 'the log to have another epoch', PATIENCE);
    const { epoch } = await headOf(scene);
    await everyNodeKnows(scene, epoch);
    restores.push({ position, until: desk.now() });
    desk.historyReplaced();
    // Their protocol has no epoch to tell them by.
    for (const follower of followers) {
      if (follower.followings.some(({ dialect }) => dialect === 'notifications')) follower.startOver();
    }
  },
};

/** The server ends its sessions in its own time; a copy needs a database that nobody uses. */
async function whenAlone(work: () => Promise<void>): Promise<void> {
  await until(() => work().then(() => true), 'the database to be left alone', PATIENCE);
}

async function headOf({ system }: Scene): Promise<{ position: number; epoch: string }> {
  const { rows } = await until(
    () => system.pool.query<{ position: string; epoch: string }>('select position, epoch from deskwire.log_head'),
    'the database to answer',
    PATIENCE,
  );
  const [row] = rows;
  return { position: Number(row?.position), epoch: row?.epoch ?? '' };
}

/** Each of its workers looks every three seconds; a client is told the epoch by whichever answers. */
async function everyNodeKnows({ system, desk }: Scene, epoch: string): Promise<void> {
  for (const node of system.nodes) {
    const headers = { authorization: `Bearer ${desk.people.agent.token}` };
    for (let agreed = 0; agreed < 4 && node.ready; ) {
      const answer = await fetch(`${node.url}/api/v1/notifications/unread-count`, {
        headers: { ...headers, connection: 'close' },
        signal: AbortSignal.timeout(2_000),
      }).catch(() => undefined);
      const shown = answer?.headers.get('deskwire-epoch');
      await answer?.body?.cancel();
      agreed = shown?.startsWith(epoch) ? agreed + 1 : 0;
      await sleep(20);
    }
  }
}

export const serviceFaults: readonly Fault[] = [
  killNats,
  restartNats,
  stopNats,
  deleteStream,
  killPostgres,
  killBoth,
  restore,
];
