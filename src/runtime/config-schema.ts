/**
 * Every setting: what it is for, what it may be, and what it is when it is not given. The one source of the type
 * `Config`, of the check at start, of the words in its errors, and of `.env.example`.
 */
import Type, { type Static } from 'typebox';

const roles = ['api', 'gateway', 'projector', 'relay'] as const;

export const configSchema = Type.Object({
  PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 8080,
    description: 'Port to serve on; 0 takes a free one.',
  }),
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to serve on; 0.0.0.0 for all, in a container say.' }),
  DATA_DIR: Type.String({
    default: '.deskwire',
    description:
      'Folder for attachments, and for the state of the PostgreSQL and nats-server that npm start runs itself.',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://.',
      examples: ['postgres://user:password@host:5432/deskwire'],
      description: 'PostgreSQL, 15 or newer; embedded when not given. A secret: also DATABASE_URL_FILE.',
    }),
  ),
  NATS_URL: Type.Optional(
    Type.String({
      pattern: '^(nats|tls)://[^,\\s]+(,(nats|tls)://[^,\\s]+)*$',
      examples: ['nats://user:password@host:4222'],
      description:
        'nats-server with JetStream, 2.9 or newer, several with commas; run by us when not given. A secret: also NATS_URL_FILE.',
    }),
  ),
  WORKERS: Type.Integer({
    minimum: 1,
    maximum: 64,
    default: 1,
    description: 'Processes that serve on this machine, about one for each core.',
  }),
  ROLES: Type.Array(Type.Enum([...roles]), {
    minItems: 1,
    uniqueItems: true,
    default: [...roles],
    description:
      'What this process does, out of all that there is, with commas; each role must be somewhere among those on one database.',
  }),
  DEMO_DATA: Type.Optional(
    Type.Enum(['on', 'off'], {
      description: 'Demo users and records; on by default only when everything is embedded.',
    }),
  ),
  RATE_LIMIT: Type.Enum(['on', 'off'], { default: 'on', description: 'Request limits; off for benchmarks only.' }),
  REPLAY_LIMIT: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 1000,
    description: 'Most missed events that a client is sent one by one; beyond, it is told to load afresh.',
  }),
  OUTBOUND_LIMIT: Type.Integer({
    minimum: 16_384,
    maximum: 1_073_741_824,
    default: 1_048_576,
    description: 'Bytes that may wait for one socket to read them; above, it is cut off, and comes back by replay.',
  }),
  CONNECTION_RATE: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 200,
    description:
      'New socket connections a second in each process, twice as many at once; others are told to come back.',
  }),
  CORS_ORIGINS: Type.Array(Type.String({ pattern: '^(\\*|https?://[^/\\s]+)$' }), {
    default: [],
    examples: ['https://app.example.com,https://admin.example.com'],
    description: 'Origins of the web pages that may call us. Older names: CORS_ORIGIN, FRONTEND_URL.',
  }),
  TRUST_PROXY: Type.Array(Type.String({ pattern: '^(loopback|linklocal|uniquelocal|[0-9A-Fa-f.:]+(/\\d{1,3})?)$' }), {
    default: [],
    examples: ['uniquelocal,203.0.113.7,2001:db8::/48'],
    description:
      'Proxies before us, whose X-Forwarded-For is believed: addresses, networks, loopback, linklocal, uniquelocal. Of others it is not.',
  }),
  JWKS_URL: Type.Optional(
    Type.String({
      pattern: '^https?://.',
      examples: ['https://id.example.com/.well-known/jwks.json'],
      description: 'Keys of an outside identity provider, whose tokens are then accepted instead of ours.',
    }),
  ),
  JWT_ISSUER: Type.Optional(
    Type.String({ examples: ['https://id.example.com/'], description: 'Issuer that its tokens must have.' }),
  ),
  JWT_AUDIENCE: Type.Optional(
    Type.String({ examples: ['deskwire'], description: 'Audience that its tokens must have.' }),
  ),
  METRICS: Type.Optional(
    Type.Enum(['on', 'off'], {
      description:
        'Whether /metrics is served, to anybody who can reach it when there is no METRICS_TOKEN; on by default only when everything is embedded or there is a token.',
    }),
  ),
  METRICS_TOKEN: Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{16,}$',
      examples: ['a random text of at least 16 characters'],
      description: 'Bearer token that whoever reads /metrics must send. A secret: also METRICS_TOKEN_FILE.',
    }),
  ),
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^?#]*[^/?#]$',
      examples: ['https://desk.example.com'],
      description: 'Address at which browsers reach us, for links to attachments; without it they are relative.',
    }),
  ),
  ATTACHMENTS_DIR: Type.Optional(
    Type.String({
      examples: ['/srv/deskwire/attachments'],
      description:
        'Folder for uploaded files, shared by all nodes; DATA_DIR/attachments when not given. Not used with S3_BUCKET.',
    }),
  ),
  S3_BUCKET: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$',
      examples: ['deskwire-attachments'],
      description: 'Bucket for uploaded files, instead of a folder.',
    }),
  ),
  S3_REGION: Type.String({
    pattern: '^[a-z0-9-]{1,64}$',
    default: 'us-east-1',
    examples: ['eu-central-1'],
    description: 'Region of the bucket.',
  }),
  S3_ENDPOINT: Type.Optional(
    Type.String({
      pattern: '^https?://[^/\\s]+/?$',
      examples: ['https://s3.example.com:9000'],
      description: "Server that speaks S3's protocol; Amazon's when not given.",
    }),
  ),
  S3_ACCESS_KEY_ID: Type.Optional(
    Type.String({
      examples: ['AKIAIOSFODNN7EXAMPLE'],
      description:
        'Key for the bucket; without it, where AWS tools find theirs (environment, profile, instance role). A secret: also S3_ACCESS_KEY_ID_FILE.',
    }),
  ),
  S3_SECRET_ACCESS_KEY: Type.Optional(
    Type.String({
      examples: ['a secret of 40 characters'],
      description: 'Its secret. A secret: also S3_SECRET_ACCESS_KEY_FILE.',
    }),
  ),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'Least grave that is logged.',
  }),
});

export type Config = Static<typeof configSchema> & {
  /** Decided: by default whether everything is embedded. */
  DEMO_DATA: 'on' | 'off';
  /** Decided: by default whether everything is embedded, or there is a token. */
  METRICS: 'on' | 'off';
};
export type ProcessRole = (typeof roles)[number];
export type SettingName = keyof typeof configSchema.properties;

/** Never shown, and also taken from a file. */
export const secretSettings: readonly SettingName[] = [
  'DATABASE_URL',
  'NATS_URL',
  'METRICS_TOKEN',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
];

/** Names under which a setting was known to the systems that we replace. */
export const olderNames: Partial<Record<SettingName, readonly string[]>> = {
  CORS_ORIGINS: ['CORS_ORIGIN', 'FRONTEND_URL'],
};

/** What there is to say about a setting, as JSON Schema says it. */
export interface SettingFacts {
  readonly description: string;
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly items?: { readonly type?: unknown; readonly enum?: readonly string[] };
  readonly minimum?: number;
  readonly maximum?: number;
  readonly examples?: unknown;
}

export function settingFacts(name: SettingName): SettingFacts {
  const { description = '', ...facts }: Partial<SettingFacts> = configSchema.properties[name];
  return { description, ...facts };
}

export const settingNames = Object.keys(configSchema.properties).filter(
  (name): name is SettingName => name in configSchema.properties,
);
