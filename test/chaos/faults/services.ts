/** NATS and Postgres, which die, hang, lose what they hold, or are put back to an older state. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'nats';
import { until } from '../../support/until.ts';
import { aMoment, type Fault, type Scene } from './fault.ts';

/** Events. */
const MUST_BE_LOST = 5;
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
  withoutLog: true,
  async run({ system, random }) {
    await system.postgres.kill();
    await sleep(aMoment(random) / 2);
    await system.postgres.start();
  },
};

const killBoth: Fault = {
  kind: 'kill Postgres and nats-server',
  weight: 2,
  withoutLog: true,
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
    await whenAlone(() =>
      system.asAdmin(
        `drop database if exists ${backup}`,
        `alter database ${database} allow_connections false`,
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
        `create database ${backup} template ${database} strategy file_copy`,
        `alter database ${database} allow_connections true`,
      ),
    );
    const saved = await headOf(scene);
    await sleep(aMoment(random));
    // Something must be lost, or history is the same.
    const lost = async () => (await headOf(scene)).position > saved.position + MUST_BE_LOST;
    await until(lost, 'something to happen', PATIENCE);
    const before = await headOf(scene);
    await whenAlone(() =>
      system.asAdmin(
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

/** Each process looks every three seconds; whichever worker a new connection comes to tells what it knows. */
async function everyNodeKnows({ system, desk }: Scene, epoch: string): Promise<void> {
  const { token } = desk.people.agent;
  for (const node of system.nodes) {
    let agreed = 0;
    const knows = async () => {
      if (!node.ready) return true;
      agreed = (await epochShownBy(node.url, token))?.startsWith(epoch) ? agreed + 1 : 0;
      return agreed >= 2 * node.workers().length;
    };
    await until(knows, `${node.name} to know of the new epoch`, PATIENCE);
  }
}

/** Over a connection of its own. */
function epochShownBy(url: string, token: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const asking = request(`${url}/api/v1/notifications/unread-count`, { agent: false, headers, timeout: 2_000 });
    asking.on('response', (response) => {
      response.resume();
      resolve(response.headers['deskwire-epoch']?.toString());
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(undefined));
    asking.on('close', () => resolve(undefined));
    asking.end();
  });
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
