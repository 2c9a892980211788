/** Tests that no acknowledged message is lost while Postgres and NATS stop and start under load. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type ControlledNats,
  type ControlledPostgres,
  startControlledPostgres,
  startNats,
} from '../../support/services.ts';
import { until } from '../../support/until.ts';
import { type Deployment, deploy, startTraffic, type Traffic } from './traffic.ts';

/** Messages; enough to show that posting works for longer than one flush. */
const SOME = 20;

let resources: AsyncDisposableStack;
let postgres: ControlledPostgres;
let nats: ControlledNats;
let deployment: Deployment;
let traffic: Traffic;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  postgres = resources.use(await startControlledPostgres());
  nats = resources.use(await startNats({ controlled: true }));
  deployment = resources.use(await deploy(postgres.url, nats.url));
  traffic = resources.use(await startTraffic(deployment));
  await traffic.postsMore(SOME);
});
afterEach(() => resources.disposeAsync());

async function readiness(check: string): Promise<string | undefined> {
  const answer = await fetch(`${deployment.nodes[0].url}/readyz`);
  const { checks } = (await answer.json()) as { checks: Record<string, string> };
  return answer.ok ? 'ok' : checks[check];
}

it.each(['stop', 'kill'] as const)(
  'survives a %s of Postgres',
  async (how) => {
    for (let round = 0; round < 2; round += 1) {
      await postgres[how]();
      await until(async () => (await readiness('database')) === 'failed', 'the database to be reported as down');
      await postgres.start();
      await traffic.postsMore(SOME);
    }
    await traffic.finishes();
  },
  120_000,
);

it.each(['stop', 'kill'] as const)(
  'survives a %s of NATS, and posting works meanwhile',
  async (how) => {
    for (let round = 0; round < 2; round += 1) {
      await nats[how]();
      await until(async () => (await readiness('broker')) === 'failed', 'the broker to be reported as down');
      await traffic.postsMore(SOME);
      await nats.start();
      await traffic.postsMore(SOME);
    }
    await traffic.finishes();
  },
  120_000,
);

it('survives a NATS that stops answering while its connections stay open', async () => {
  await nats.pause();
  await until(async () => (await readiness('broker')) === 'failed', 'the silence to be noticed', { timeoutMs: 60_000 });
  await traffic.postsMore(SOME);
  await nats.resume();
  await traffic.finishes();
}, 120_000);

it('survives both at once', async () => {
  await Promise.all([postgres.kill(), nats.kill()]);
  await nats.start();
  await postgres.start();
  await traffic.postsMore(SOME);
  await traffic.finishes();
  expect(traffic.acknowledged).toBeGreaterThanOrEqual(2 * SOME);
}, 120_000);
