/** Attachments in a temporary folder, or in the store that the test passes. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { pino } from 'pino';
import { inject } from 'vitest';
import { type Attachments, type AttachmentsDeps, createAttachments } from '../../src/attachments/attachments.ts';
import { createDiskStore } from '../../src/attachments/disk-store.ts';

export type AttachmentOptions = Partial<Pick<AttachmentsDeps, 'store' | 'now' | 'baseUrl' | 'bytesPerDay'>>;

export async function startAttachments(
  pool: pg.Pool,
  parts: AsyncDisposableStack,
  options: AttachmentOptions = {},
): Promise<Attachments> {
  const attachments = await createAttachments({
    pool,
    store: options.store ?? (await createDiskStore(await temporaryFolder(parts))),
    baseUrl: options.baseUrl ?? '',
    newId: () => randomUUID(),
    now: options.now ?? Date.now,
    log: pino({ level: 'silent' }),
    ...(options.bytesPerDay !== undefined && { bytesPerDay: options.bytesPerDay }),
  });
  parts.defer(() => attachments.close());
  return attachments;
}

/** The folder is removed when `parts` is disposed of. */
export async function temporaryFolder(parts: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(inject('services').directory, 'attachments-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
