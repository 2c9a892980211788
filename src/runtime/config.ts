/**
 * Reads the configuration from environment variables and checks it by the schema. A variable may have the prefix
 * `DESKWIRE_`, which takes precedence. A secret may be in a file that the variable with `_FILE` names
 * (`DATABASE_URL_FILE`). A wrong value, or an unknown name with the prefix, is an error that names the variable. An
 * empty value counts as not set.
 */
import { readFileSync } from 'node:fs';
import { compile } from '@fastify/proxy-addr';
import { Value } from 'typebox/value';
import type { ServiceOptions } from '../embedded/embedded.ts';
import { messageOf, StartFailure } from '../support/start-failure.ts';
import {
  type Config,
  configSchema,
  olderNames,
  type SettingName,
  secretSettings,
  settingFacts,
  settingNames,
} from './config-schema.ts';

export type { Config, ProcessRole } from './config-schema.ts';

/** Where the configuration says that the services run, or keep their state. */
export function serviceOptionsOf({ DATA_DIR, DATABASE_URL, NATS_URL }: Config): ServiceOptions {
  return { dataDir: DATA_DIR, databaseUrl: DATABASE_URL, natsUrl: NATS_URL };
}

const prefix = 'DESKWIRE_';
/** Seconds. Balancers ask every second or two, and give a node up after two or three red answers. */
const DRAIN_DELAY = 5;

/** Throws a StartFailure that names the first variable that is wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  refuseUnknownNames(env);
  const given: Partial<Record<SettingName, unknown>> = {};
  const variables = new Map<SettingName, string>();
  for (const name of settingNames) {
    const found = lookUp(env, name);
    if (found === undefined) continue;
    variables.set(name, found.variable);
    given[name] = fromText(name, found.text);
  }
  const config: unknown = Value.Default(configSchema, given);
  if (!Value.Check(configSchema, config)) {
    const [error] = Value.Errors(configSchema, config);
    const name = settingNames.find((setting) => setting === error?.instancePath.split('/')[1]);
    if (name === undefined) throw new StartFailure(`the configuration is wrong: ${error?.message}`);
    throw new StartFailure(complaint(variables.get(name) ?? name, name, given[name]));
  }
  refuseWrongProxies(variables.get('TRUST_PROXY'), config.TRUST_PROXY);
  const identity = [config.JWKS_URL, config.JWT_ISSUER, config.JWT_AUDIENCE];
  if (identity.includes(undefined) && identity.some((value) => value !== undefined)) {
    throw new StartFailure('JWKS_URL, JWT_ISSUER and JWT_AUDIENCE belong together: set all three or none of them.');
  }
  refuseHalfOfS3(config, variables);
  const embedded = config.DATABASE_URL === undefined && config.NATS_URL === undefined;
  const open = embedded || config.METRICS_TOKEN !== undefined;
  return {
    ...config,
    DEMO_DATA: config.DEMO_DATA ?? (embedded ? 'on' : 'off'),
    DRAIN_DELAY: config.DRAIN_DELAY ?? (embedded ? 0 : DRAIN_DELAY),
    METRICS: config.METRICS ?? (open ? 'on' : 'off'),
  };
}

function refuseHalfOfS3(
  config: Omit<Config, 'DEMO_DATA' | 'DRAIN_DELAY' | 'METRICS'>,
  given: ReadonlyMap<SettingName, string>,
): void {
  const [stray] = config.S3_BUCKET === undefined ? [...given].filter(([name]) => name.startsWith('S3_')) : [];
  if (stray !== undefined) {
    throw new StartFailure(`${stray[1]} is set without S3_BUCKET: set both, or neither to keep uploads in a folder.`);
  }
  if ((config.S3_ACCESS_KEY_ID === undefined) !== (config.S3_SECRET_ACCESS_KEY === undefined)) {
    throw new StartFailure('S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together: set both or neither of them.');
  }
}

function refuseUnknownNames(env: Readonly<Record<string, string | undefined>>): void {
  const files = secretSettings.map((name) => `${name}_FILE`);
  const older = Object.values(olderNames).flat();
  const known = new Set([...settingNames, ...files, ...older].map((name) => prefix + name));
  for (const variable of Object.keys(env)) {
    if (variable.startsWith(prefix) && !known.has(variable)) {
      throw new StartFailure(`${variable} is not a setting of Deskwire: see .env.example for those there are.`);
    }
  }
}

/** The schema's pattern also matches some texts that are no addresses. */
function refuseWrongProxies(variable = 'TRUST_PROXY', proxies: string[]): void {
  try {
    compile(proxies);
  } catch (cause) {
    throw new StartFailure(complaint(variable, 'TRUST_PROXY', proxies), { cause });
  }
}

function lookUp(env: Readonly<Record<string, string | undefined>>, setting: SettingName) {
  const names = [setting, ...(olderNames[setting] ?? [])];
  for (const variable of names.flatMap((name) => [prefix + name, name])) {
    const text = env[variable]?.trim();
    if (text) return { variable, text };
    const file = secretSettings.includes(setting) ? env[`${variable}_FILE`] : undefined;
    if (file) return { variable: `${variable}_FILE`, text: readSecret(`${variable}_FILE`, file) };
  }
  return undefined;
}

function readSecret(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new StartFailure(`${variable} names a file that cannot be read (${messageOf(cause)}).`, { cause });
  }
}

/** Text that is no number stays text; the schema refuses it. */
function fromText(setting: SettingName, text: string): unknown {
  const { type } = settingFacts(setting);
  if (type === 'integer') return /^-?\d+$/.test(text) ? Number(text) : text;
  if (type === 'array') return text.split(',').map((item) => item.trim());
  return text;
}

function complaint(variable: string, setting: SettingName, value: unknown): string {
  const text = Array.isArray(value) ? value.join(',') : String(value);
  const shown = secretSettings.includes(setting) ? 'what it is' : JSON.stringify(text);
  return `${variable} must be ${rule(setting)}, not ${shown}. ${settingFacts(setting).description}`;
}

function rule(setting: SettingName): string {
  const { type, items, minimum, maximum, enum: choices, examples } = settingFacts(setting);
  if (choices) return `one of ${choices.join(', ')}`;
  if (items?.enum) return `some of ${items.enum.join(',')}, each once`;
  if (type !== 'integer') return `like ${examples}`;
  return minimum === maximum ? String(minimum) : `a whole number from ${minimum} to ${maximum}`;
}
