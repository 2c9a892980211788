/**
 * One node of the cluster: a server process that is started again whenever it ends, as a supervisor would do it. Three
 * links connect it with its clients, Postgres and NATS.
 */
import { launchServer, type ServerProcess } from '../support/server-process.ts';
import { type Link, openLink, targetOf } from './link.ts';

export interface ChaosNode extends AsyncDisposable {
  readonly name: string;
  /** The address for clients, which stays the same when the process is started again. */
  readonly url: string;
  readonly links: { readonly clients: Link; readonly postgres: Link; readonly nats: Link };
  /** Whether the current process has announced its address, and a worker serves. */
  readonly ready: boolean;
  readonly process: ServerProcess;
  /** How many times a process was started. */
  readonly starts: number;
  /** The pids of the workers that serve; the node's own pid when it has no workers. */
  workers(): readonly number[];
  /** The last log line with this message: its time, and the pid of the process or worker that logged it. */
  lastLogged(message: string): { readonly pid: number; readonly time: string } | undefined;
  /** Output that no fault explains: text on the standard error, and exits other than by SIGKILL. */
  complaints(): readonly string[];
}

export interface NodeOptions {
  readonly name: string;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly workers: number;
  /** The folder with `src/`. */
  readonly root: string;
  readonly directory: string;
}

interface Line {
  readonly level?: string;
  readonly msg?: string;
  readonly time?: string;
  readonly worker?: number;
  readonly pid?: number;
}

export async function startNode(options: NodeOptions): Promise<ChaosNode> {
  const { name, workers: count, root } = options;
  await using opening = new AsyncDisposableStack();
  const clients = opening.use(await openLink());
  const postgres = opening.use(await openLink(targetOf(options.databaseUrl)));
  const nats = opening.use(await openLink(targetOf(options.natsUrl)));
  const complaints: string[] = [];
  let starts = 0;
  let ending = false;
  let ready = false;
  let current = startProcess();

  function startProcess(): ServerProcess {
    starts += 1;
    const process = launchServer(
      {
        DATABASE_URL: over(options.databaseUrl, postgres),
        NATS_URL: over(options.natsUrl, nats),
        DEMO_DATA: 'on',
        RATE_LIMIT: 'off',
        LOG_LEVEL: 'info',
        DATA_DIR: options.directory,
        ...(count > 1 && { WORKERS: String(count) }),
      },
      root,
    );
    void process.ready.then(
      (url) => {
        if (process !== current) return;
        clients.target = targetOf(url);
        ready = true;
      },
      () => undefined, // The process ended; it is started again below.
    );
    void process.exited.then((how) => {
      ready = false;
      clients.target = undefined;
      complaints.push(...complaintsOf(process, how));
      if (!ending) current = startProcess();
    });
    return process;
  }

  function workers(): readonly number[] {
    if (count === 1) return [current.pid];
    const pids = new Map<number, number>();
    for (const { msg, worker = 0, pid = 0 } of linesOf(current.output())) {
      if (msg === 'worker serves') pids.set(worker, pid);
      if (msg === 'worker died') pids.delete(worker);
    }
    return [...pids.values()];
  }

  const owned = opening.move();
  return {
    name,
    url: `http://127.0.0.1:${clients.port}`,
    links: { clients, postgres, nats },
    get ready() {
      return ready && workers().length > 0;
    },
    get process() {
      return current;
    },
    get starts() {
      return starts;
    },
    workers,
    lastLogged(message) {
      const lines = linesOf(current.output());
      const line = lines.findLast(({ msg }) => msg === message);
      if (line?.time === undefined) return undefined;
      const serving = lines.findLast(({ msg, worker }) => msg === 'worker serves' && worker === line.worker);
      return { pid: line.worker === undefined ? current.pid : (serving?.pid ?? current.pid), time: line.time };
    },
    complaints: () => complaints,
    async [Symbol.asyncDispose]() {
      ending = true;
      await current[Symbol.asyncDispose]();
      await owned.disposeAsync();
    },
  };
}

/** The URL of the same service over the link. */
function over(url: string, link: Link): string {
  const detour = new URL(url);
  detour.port = String(link.port);
  return detour.href;
}

function linesOf(output: string): Line[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line));
}

function complaintsOf(process: ServerProcess, how: number | NodeJS.Signals | null): string[] {
  const errors = process.errors().trim();
  const killed = how === 'SIGKILL';
  return [
    ...(errors === '' ? [] : [errors]),
    ...(killed ? [] : [`ended by itself: ${how}\n${process.output().split('\n').slice(-5).join('\n')}`]),
  ];
}
