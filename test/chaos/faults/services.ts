/** Faults of NATS and Postgres: they die, hang, lose their data, or are restored to an older state. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'nats';
import { until } from '../../support/until.ts';
import { type Fault, type FaultContext, faultDuration } from './fault.ts';

/** Events that a restore must lose. */
const MUST_BE_LOST = 5;
/** Milliseconds that the system has to notice a fault. */
const TIMEOUT = { timeoutMs: 30_000, everyMs: 20 };

const killNats: Fault = {
  kind: 'kill nats-server',
  weight: 6,
  async run({ system, random }) {
    await system.nats.kill();
    await sleep(faultDuration(random));
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
    await sleep(faultDuration(random));
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
      // A node may be replacing the stream at this moment.
      await manager.streams.delete('deskwire-events').catch(() => undefined);
    } finally {
      await connection.close();
    }
    await sleep(faultDuration(random) / 2);
  },
};

const killPostgres: Fault = {
  kind: 'kill Postgres',
  weight: 6,
  withoutLog: true,
  async run({ system, random }) {
    await system.postgres.kill();
    await sleep(faultDuration(random) / 2);
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
 * Takes a backup under load and restores it a moment later, so that the events between are lost. Ends when every node
 * knows the new epoch.
 */
const restore: Fault = {
  kind: 'restore an older backup',
  weight: 2,
  async run(context) {
    const { system, desk, random, followers, restores } = context;
    const { database } = system;
    const backup = `${database}_backup`;
    await retryWhileInUse(() =>
      system.asAdmin(
        `drop database if exists ${backup}`,
        `alter database ${database} allow_connections false`,
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
        `create database ${backup} template ${database} strategy file_copy`,
        `alter database ${database} allow_connections true`,
      ),
    );
    const saved = await headOf(context);
    await sleep(faultDuration(random));
    // Events must be lost, or history is the same.
    const lost = async () => (await headOf(context)).position > saved.position + MUST_BE_LOST;
    await until(lost, 'something to happen', TIMEOUT);
    const before = await headOf(context);
    await retryWhileInUse(() =>
      system.asAdmin(
        `drop database if exists ${database} with (force)`,
        `create database ${database} template ${backup} strategy file_copy`,
      ),
    );
    const { position } = await headOf(context);
    await until(async () => (await headOf(context)).epoch !== before.epoch, 'the log to have another epoch', TIMEOUT);
    const { epoch } = await headOf(context);
    await everyNodeKnows(context, epoch);
    restores.push({ position, until: desk.now() });
    desk.historyReplaced();
    // The notifications dialect has no epoch, so its clients learn of the restore from the test.
    for (const follower of followers) {
      if (follower.followings.some(({ dialect }) => dialect === 'notifications')) follower.startOver();
    }
  },
};

/** Repeats `work` until the server has ended its connections, because a copy needs a database without connections. */
async function retryWhileInUse(work: () => Promise<void>): Promise<void> {
  await until(() => work().then(() => true), 'the database to be left alone', TIMEOUT);
}

async function headOf({ system }: FaultContext): Promise<{ position: number; epoch: string }> {
  const { rows } = await until(
    () => system.pool.query<{ position: string; epoch: string }>('select position, epoch from deskwire.log_head'),
    'the database to answer',
    TIMEOUT,
  );
  const [row] = rows;
  return { position: Number(row?.position), epoch: row?.epoch ?? '' };
}

/**
 * Waits until every worker of every node knows the epoch. Each process checks the epoch every three seconds. A new
 * connection reaches any worker of a node, so several answers in a row must agree.
 */
async function everyNodeKnows({ system, desk }: FaultContext, epoch: string): Promise<void> {
  const { token } = desk.people.agent;
  for (const node of system.nodes) {
    let agreed = 0;
    const knows = async () => {
      if (!node.ready) return true;
      agreed = (await epochShownBy(node.url, token))?.startsWith(epoch) ? agreed + 1 : 0;
      return agreed >= 2 * node.workers().length;
    };
    await until(knows, `${node.name} to know of the new epoch`, TIMEOUT);
  }
}

/** The epoch in an answer of the node, over a new connection; undefined when it does not answer. */
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
