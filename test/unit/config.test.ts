import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { envExample, envExampleFile } from '../../scripts/env-example.ts';
import { readConfig } from '../../src/runtime/config.ts';

describe('the configuration', () => {
  it('needs nothing to be set', () => {
    expect(readConfig({})).toEqual({
      OUTBOUND_LIMIT: 1_048_576,
      CONNECTION_RATE: 200,
      MESSAGES_PER_DAY: 10_000,
      ROOM_MESSAGES_PER_DAY: 20_000,
      PORT: 8080,
      HOST: '127.0.0.1',
      DATA_DIR: '.deskwire',
      WORKERS: 1,
      ROLES: ['api', 'gateway', 'projector', 'relay'],
      DEMO_DATA: 'on',
      RATE_LIMIT: 'on',
      REPLAY_LIMIT: 1000,
      START_TIMEOUT: 60,
      DRAIN_DELAY: 0,
      CORS_ORIGINS: [],
      METRICS: 'on',
      TRUST_PROXY: [],
      S3_REGION: 'us-east-1',
      LOG_LEVEL: 'info',
      MAX_TOKEN_AGE: 86_400,
      UPLOAD_QUOTA: 1_024,
    });
  });

  it('prefers the name with the prefix, and takes an empty value for none', () => {
    expect(readConfig({ PORT: '1', DESKWIRE_PORT: '2' }).PORT).toBe(2);
    expect(readConfig({ PORT: '3', DESKWIRE_PORT: ' ' }).PORT).toBe(3);
    expect(readConfig({ PORT: '', DATABASE_URL: '' }).PORT).toBe(8080);
  });

  it('brings demo data by default only when everything is embedded', () => {
    expect(readConfig({ NATS_URL: 'nats://broker:4222' }).DEMO_DATA).toBe('off');
    expect(readConfig({ NATS_URL: 'nats://broker:4222', DEMO_DATA: 'on' }).DEMO_DATA).toBe('on');
    expect(readConfig({ DEMO_DATA: 'off' }).DEMO_DATA).toBe('off');
  });

  it('waits for balancers at a signal when the services are its own', () => {
    const services = { DATABASE_URL: 'postgres://localhost/a', NATS_URL: 'nats://localhost' };
    expect(readConfig(services).DRAIN_DELAY).toBe(5);
    expect(readConfig({ ...services, DRAIN_DELAY: '0' }).DRAIN_DELAY).toBe(0);
  });

  it('accepts the older names of CORS_ORIGINS', () => {
    expect(readConfig({ FRONTEND_URL: 'https://a.example' }).CORS_ORIGINS).toEqual(['https://a.example']);
    const both = { CORS_ORIGIN: 'https://b.example', CORS_ORIGINS: 'https://c.example, http://localhost:3000' };
    expect(readConfig(both).CORS_ORIGINS).toEqual(['https://c.example', 'http://localhost:3000']);
  });

  it('reads a secret from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'deskwire-config-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'url');
    await writeFile(file, 'postgres://me:pass@db/deskwire\n');
    expect(readConfig({ DATABASE_URL_FILE: file }).DATABASE_URL).toBe('postgres://me:pass@db/deskwire');
    expect(() => readConfig({ NATS_URL_FILE: join(folder, 'none') })).toThrow('NATS_URL_FILE names a file');
  });

  it.each([
    [{ PORT: '80a' }, 'PORT must be a whole number from 0 to 65535, not "80a"'],
    [{ DESKWIRE_PORT: '70000' }, 'DESKWIRE_PORT must be a whole number from 0 to 65535, not "70000"'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL must be one of fatal, error'],
    [{ RATE_LIMIT: 'no' }, 'RATE_LIMIT must be one of on, off'],
    [{ CORS_ORIGIN: 'app.example.com' }, 'CORS_ORIGIN must be like https://app.example.com'],
    [{ CORS_ORIGINS: 'https://app.example.com/path' }, 'CORS_ORIGINS must be like'],
    [{ WORKERS: '0' }, 'WORKERS must be a whole number from 1 to 64, not "0"'],
    [{ ROLES: 'api,gatway' }, 'ROLES must be some of api,gateway,projector,relay, each once, not "api,gatway"'],
    [{ ROLES: 'api,api' }, 'ROLES must be some of api,gateway,projector,relay, each once'],
    [{ TRUST_PROXY: 'on' }, 'TRUST_PROXY must be like uniquelocal,203.0.113.7'],
    [{ TRUST_PROXY: '10.0.0.0/8,300.0.0.1' }, 'TRUST_PROXY must be like uniquelocal,203.0.113.7'],
    [{ S3_REGION: 'eu-west-1' }, 'S3_REGION is set without S3_BUCKET'],
    [{ DESKWIRE_S3_ENDPOINT: 'https://s3.example.com' }, 'DESKWIRE_S3_ENDPOINT is set without S3_BUCKET'],
    [{ S3_BUCKET: 'files', S3_ACCESS_KEY_ID: 'me' }, 'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY belong together'],
    [{ S3_BUCKET: 'files', S3_ENDPOINT: 's3.example.com' }, 'S3_ENDPOINT must be like https://s3.example.com:9000'],
    [{ S3_BUCKET: '../files' }, 'S3_BUCKET must be like deskwire-attachments'],
    [{ PUBLIC_URL: 'https://desk.example.com/' }, 'PUBLIC_URL must be like https://desk.example.com'],
    [{ DESKWIRE_COLOUR: 'red' }, 'DESKWIRE_COLOUR is not a setting of Deskwire'],
    [{ DESKWIRE_PORT_FILE: '/etc/port' }, 'DESKWIRE_PORT_FILE is not a setting of Deskwire'],
    [{ JWKS_URL: 'https://id.example.com/jwks' }, 'JWKS_URL, JWT_ISSUER and JWT_AUDIENCE belong together'],
  ])('names what is wrong with %o', (env, message) => {
    expect(() => readConfig(env)).toThrow(message);
  });

  it('does not show a secret that is wrong', () => {
    const read = () => readConfig({ DATABASE_URL: 'mysql://me:hunter2@db/deskwire' });
    expect(read).toThrow('DATABASE_URL must be like postgres://');
    expect(read).not.toThrow('hunter2');
  });

  it('is described in .env.example as it is (npm run env-example writes it)', async () => {
    expect(await readFile(envExampleFile, 'utf8')).toBe(envExample());
  });
});
