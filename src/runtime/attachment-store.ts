/** Opens the store for attachments that the configuration names. */
import { join, resolve } from 'node:path';
import { createDiskStore } from '../attachments/disk-store.ts';
import type { AttachmentStore } from '../attachments/store.ts';
import { messageOf, StartFailure } from '../support/start-failure.ts';
import type { Config } from './config.ts';

/** Rejects with a StartFailure that names the setting, when the store cannot be used. */
export function openAttachmentStore(config: Config): Promise<AttachmentStore> {
  return config.S3_BUCKET === undefined ? openFolder(config) : openBucket(config, config.S3_BUCKET);
}

async function openFolder({ ATTACHMENTS_DIR, DATA_DIR }: Config): Promise<AttachmentStore> {
  const folder = resolve(ATTACHMENTS_DIR ?? join(DATA_DIR, 'attachments'));
  try {
    return await createDiskStore(folder);
  } catch (cause) {
    throw new StartFailure(
      `the folder for attachments ${folder} cannot be made or written (${messageOf(cause)}): set ATTACHMENTS_DIR.`,
      { cause },
    );
  }
}

async function openBucket(config: Config, bucket: string): Promise<AttachmentStore> {
  const { S3_REGION: region, S3_ENDPOINT: endpoint, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = config;
  // Loaded only when it is used, because loading the client is slow.
  const { createS3Store } = await import('../attachments/s3-store.ts');
  try {
    return await createS3Store({
      bucket,
      region,
      ...(endpoint !== undefined && { endpoint }),
      ...(S3_ACCESS_KEY_ID !== undefined &&
        S3_SECRET_ACCESS_KEY !== undefined && {
          credentials: { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY },
        }),
    });
  } catch (cause) {
    throw new StartFailure(
      `the bucket ${bucket} cannot be used (${messageOf(cause)}): check S3_BUCKET, S3_REGION, S3_ENDPOINT and the keys.`,
      { cause },
    );
  }
}
