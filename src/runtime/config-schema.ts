/**
 * Every setting: its purpose, its values and its default. The only source of the type `Config`, of the check at start,
 * of the texts in its errors, and of `.env.example`.
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
  HOST: Type.String({
    default: '127.0.0.1',
    description: 'Address to serve on; 0.0.0.0 for all addresses, as in a container.',
  }),
  DATA_DIR: Type.String({
    default: '.deskwire',
    description: 'Folder for attachments, and for the data of the embedded PostgreSQL and nats-server.',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://.',
      examples: ['postgres://user:password@host:5432/deskwire'],
      description:
        'PostgreSQL, 15 or newer; embedded when not given. TLS: ?sslmode=verify-full. Also DATABASE_URL_FILE.',
    }),
  ),
  NATS_URL: Type.Optional(
    Type.String({
      pattern: '^(nats|tls)://[^,\\s]+(,(nats|tls)://[^,\\s]+)*$',
      examples: ['nats://user:password@host:4222'],
      description:
        'nats-server with JetStream, 2.9 or newer; embedded when not given. With TLS: tls://. A secret: also ' +
        'NATS_URL_FILE.',
    }),
  ),
  NATS_CA: Type.Optional(
    Type.String({
      minLength: 1,
      examples: ['/etc/deskwire/nats-ca.pem'],
      description: 'File with the certificate authority of nats-server, in PEM. With it, only TLS is used.',
    }),
  ),
  WORKERS: Type.Integer({
    minimum: 1,
    maximum: 64,
    default: 1,
    description: 'Processes that serve on this host, about one for each core.',
  }),
  ROLES: Type.Array(Type.Enum([...roles]), {
    minItems: 1,
    uniqueItems: true,
    default: [...roles],
    description: 'Roles of this process. Each role must run in at least one process of a deployment.',
  }),
  DEMO_DATA: Type.Optional(
    Type.Enum(['on', 'off'], {
      description: 'Demo users and records; on by default only when all backing services are embedded.',
    }),
  ),
  RATE_LIMIT: Type.Enum(['on', 'off'], { default: 'on', description: 'Request limits; off for benchmarks only.' }),
  START_TIMEOUT: Type.Integer({
    minimum: 0,
    maximum: 86_400,
    default: 60,
    description: 'Seconds that a start waits for a PostgreSQL or NATS that is away.',
  }),
  DRAIN_DELAY: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 300,
      description: 'Seconds from a signal, when /readyz turns red, to the drain: 5, or 0 when all is embedded.',
    }),
  ),
  REPLAY_LIMIT: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 1000,
    description:
      'Largest number of missed events that are replayed to a client; above it, the client must load afresh.',
  }),
  OUTBOUND_LIMIT: Type.Integer({
    minimum: 16_384,
    maximum: 1_073_741_824,
    default: 1_048_576,
    description:
      'Bytes that may wait for one socket; above it, the socket is closed, and the client reconnects and replays.',
  }),
  CONNECTION_RATE: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 200,
    description: 'New socket connections per second and process, twice as many at once; others must reconnect later.',
  }),
  MESSAGES_PER_DAY: Type.Integer({
    minimum: 1,
    maximum: 1_000_000_000,
    default: 10_000,
    description: 'Messages and tickets of a user from one midnight UTC to the next; services have no limit.',
  }),
  ROOM_MESSAGES_PER_DAY: Type.Integer({
    minimum: 1,
    maximum: 1_000_000_000,
    default: 20_000,
    description: 'The same for messages in rooms; a message counts once for each 4 KiB that it begins.',
  }),
  CORS_ORIGINS: Type.Array(Type.String({ pattern: '^(\\*|https?://[^/\\s]+)$' }), {
    default: [],
    examples: ['https://app.example.com,https://admin.example.com'],
    description:
      'Origins of other web pages that may call, over HTTP and sockets. Older names: CORS_ORIGIN, FRONTEND_URL.',
  }),
  TRUST_PROXY: Type.Array(Type.String({ pattern: '^(loopback|linklocal|uniquelocal|[0-9A-Fa-f.:]+(/\\d{1,3})?)$' }), {
    default: [],
    examples: ['uniquelocal,203.0.113.7,2001:db8::/48'],
    description: 'Proxies whose X-Forwarded-For is trusted: addresses, networks, loopback, linklocal, uniquelocal.',
  }),
  JWKS_URL: Type.Optional(
    Type.String({
      pattern: '^https?://.',
      examples: ['https://id.example.com/.well-known/jwks.json'],
      description: "Keys of an external identity provider; its tokens are then accepted instead of Deskwire's.",
    }),
  ),
  JWT_ISSUER: Type.Optional(
    Type.String({ examples: ['https://id.example.com/'], description: "Issuer that the provider's tokens must have." }),
  ),
  JWT_AUDIENCE: Type.Optional(
    Type.String({ examples: ['deskwire'], description: "Audience that the provider's tokens must have." }),
  ),
  MAX_TOKEN_AGE: Type.Integer({
    minimum: 60,
    maximum: 31_536_000,
    default: 86_400,
    description: "Seconds that a provider's token works after it was issued, at most.",
  }),
  METRICS: Type.Optional(
    Type.Enum(['on', 'off'], {
      description:
        'Serves /metrics, without METRICS_TOKEN to everybody. On by default when all is embedded or there is a token.',
    }),
  ),
  METRICS_TOKEN: Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{16,}$',
      examples: ['a random text of at least 16 characters'],
      description: 'Bearer token for reading /metrics. A secret: also METRICS_TOKEN_FILE.',
    }),
  ),
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^?#]*[^/?#]$',
      examples: ['https://desk.example.com'],
      description: 'URL at which browsers reach Deskwire, for links to attachments; without it the links are relative.',
    }),
  ),
  ATTACHMENTS_DIR: Type.Optional(
    Type.String({
      examples: ['/srv/deskwire/attachments'],
      description:
        'Folder for uploaded files, shared by all nodes; DATA_DIR/attachments when not given. Not used with S3_BUCKET.',
    }),
  ),
  TEXTS_DIR: Type.Optional(
    Type.String({
      examples: ['/srv/deskwire/texts'],
      description: 'Folder with texts of your own, one JSON file for each language (de.json), checked at the start.',
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
      description: "Server with the S3 protocol; Amazon's when not given.",
    }),
  ),
  S3_ACCESS_KEY_ID: Type.Optional(
    Type.String({
      examples: ['AKIAIOSFODNN7EXAMPLE'],
      description: 'Key for the bucket; found as by AWS tools when not given. A secret: also S3_ACCESS_KEY_ID_FILE.',
    }),
  ),
  S3_SECRET_ACCESS_KEY: Type.Optional(
    Type.String({
      examples: ['a secret of 40 characters'],
      description: 'Secret of that key. A secret: also S3_SECRET_ACCESS_KEY_FILE.',
    }),
  ),
  UPLOAD_QUOTA: Type.Integer({
    minimum: 10,
    maximum: 1_000_000,
    default: 1_024,
    description: 'Megabytes that a requester may upload in 24 hours; staff and services ten times as many.',
  }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    default: 'info',
    description: 'Lowest level that is logged.',
  }),
});

export type Config = Static<typeof configSchema> & {
  /** Resolved: on by default when all backing services are embedded. */
  DEMO_DATA: 'on' | 'off';
  DRAIN_DELAY: number;
  /** Resolved: on by default when all backing services are embedded, or there is a token. */
  METRICS: 'on' | 'off';
};
export type ProcessRole = (typeof roles)[number];
export type SettingName = keyof typeof configSchema.properties;

/** Settings that are never shown, and that can also be read from a file (`…_FILE`). */
export const secretSettings: readonly SettingName[] = [
  'DATABASE_URL',
  'NATS_URL',
  'METRICS_TOKEN',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
];

/** Names of a setting in the systems that Deskwire replaces. */
export const olderNames: Partial<Record<SettingName, readonly string[]>> = {
  CORS_ORIGINS: ['CORS_ORIGIN', 'FRONTEND_URL'],
};

/** The description and constraints of a setting, in the terms of JSON Schema. */
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
