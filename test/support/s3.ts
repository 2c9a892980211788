/**
 * An S3-compatible server with an empty bucket: the one of S3_TEST_ENDPOINT, S3_TEST_BUCKET, S3_TEST_ACCESS_KEY_ID and
 * S3_TEST_SECRET_ACCESS_KEY, or a new s3rver, which checks access keys but no signatures.
 */
import S3rver from 's3rver';
import { freePort } from '../../src/embedded/free-port.ts';
import { temporaryFolder } from './attachments.ts';

export interface TestS3 extends AsyncDisposable {
  /** The settings that name it. */
  readonly settings: Readonly<Record<string, string>>;
  /** Whether it can be stopped and started. */
  readonly controlled: boolean;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startS3(): Promise<TestS3> {
  const { S3_TEST_ENDPOINT: given, S3_TEST_BUCKET, S3_TEST_ACCESS_KEY_ID, S3_TEST_SECRET_ACCESS_KEY } = process.env;
  const settings = (endpoint: string) => ({
    S3_ENDPOINT: endpoint,
    S3_BUCKET: S3_TEST_BUCKET ?? 'deskwire-test',
    S3_ACCESS_KEY_ID: S3_TEST_ACCESS_KEY_ID ?? 'S3RVER',
    S3_SECRET_ACCESS_KEY: S3_TEST_SECRET_ACCESS_KEY ?? 'S3RVER',
  });
  if (given) {
    const notOurs = () => Promise.reject(new Error('this S3 server is not ours to stop'));
    return {
      settings: settings(given),
      controlled: false,
      stop: notOurs,
      start: notOurs,
      [Symbol.asyncDispose]: async () => {},
    };
  }
  await using parts = new AsyncDisposableStack();
  const directory = await temporaryFolder(parts);
  const port = await freePort();
  const launch = async () => {
    const configureBuckets = [{ name: settings('').S3_BUCKET }];
    const server = new S3rver({ port, address: '127.0.0.1', silent: true, directory, configureBuckets });
    await server.run();
    return server;
  };
  let server: S3rver | undefined = await launch();
  const owned = parts.move();
  return {
    settings: settings(`http://127.0.0.1:${port}`),
    controlled: true,
    async stop() {
      await server?.close();
      server = undefined;
    },
    async start() {
      server ??= await launch();
    },
    async [Symbol.asyncDispose]() {
      await server?.close();
      await owned.disposeAsync();
    },
  };
}
