/**
 * Uploading and reading attachments. A user who sees the message that names an attachment may read it; access is
 * checked at each request. Before a message names it, only its uploader may read it. For all others it does not exist.
 */
import type { Readable } from 'node:stream';
import type { CommandContext } from '../actors/actor-system.ts';
import type { ClaimRequest } from '../attachments/attachments.ts';
import type { LinkParameters } from '../attachments/links.ts';
import { type Received, tooLarge } from '../attachments/spool.ts';
import type { ByteRange } from '../attachments/store.ts';
import { unauthorized } from '../auth/tokens.ts';
import { type Attachment as AttachmentWire, attachmentWire } from '../contract/attachment.ts';
import { LIMITS } from '../contract/limits.ts';
import { mayPostMessage, maySeeInternalNotes, requireActive } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { Attachment } from '../domain/ticket/events.ts';
import { accessOf } from '../domain/ticket/people.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import { accessOfView } from '../projections/queries/queries.ts';
import type { Application } from './application.ts';
import { backendsOf } from './backends.ts';
import { ticketIdOf } from './tickets.ts';

export type { ByteRange };

/** A file of the caller's protocol: reads its content into `receive`, and names the file. */
export type UploadedFile = (
  receive: (content: Readable) => Promise<Received>,
) => Promise<{ name: string; received: Received }>;

/**
 * Stores an uploaded file, which is read only when the user may post in the ticket. Rejects with `payload_too_large`,
 * `not_found`, `conflict` for a closed ticket, `rate_limited`, or the error of reading or storing the file. Nothing is
 * kept of a refused upload.
 *
 * @param announcedBytes size that the client announces, 0 when it announces none
 */
export async function uploadAttachment(
  application: Application,
  uploader: UserFacts,
  idOrNumber: string,
  announcedBytes: number,
  readFile: UploadedFile,
): Promise<AttachmentWire> {
  if (announcedBytes > LIMITS.fileBytes) throw tooLarge(LIMITS.fileBytes);
  const ticketId = await ticketIdOf(application, idOrNumber);
  await requireMayPost(application, uploader, ticketId);
  using _admitted = await application.attachments.admit(uploader);
  const { name, received } = await readFile((content) => application.attachments.receive(content, uploader));
  await using _received = received;
  const attachment = await application.attachments.keep({ ticketId, uploader, name, received });
  return attachmentWire(attachment, (id) => application.attachments.urlFor(id, uploader));
}

/** The ticket itself decides again when the message is posted. */
async function requireMayPost(application: Application, user: UserFacts, ticketId: string): Promise<void> {
  requireActive(user);
  const { state } = await backendsOf(application).actors.read('ticket', ticketId);
  const access = accessOf(state, await application.directory.relations(state));
  if (!state.exists || state.deleted || !mayPostMessage(user, access)) {
    throw new DeskwireError('not_found', 'Ticket not found');
  }
  if (state.status === 'closed') {
    throw new DeskwireError('conflict', 'This ticket is closed. Please open a new one');
  }
}

/** Claims the attachments of a message, calls `post`, and releases them when the message was refused. */
export async function withAttachments<T>(
  application: Application,
  named: Omit<ClaimRequest, 'commandId'>,
  { commandId }: CommandContext,
  post: (attachments: readonly Attachment[]) => Promise<T>,
): Promise<T> {
  if (named.ids.length === 0) return post([]);
  const attachments = await application.attachments.claim({ ...named, commandId });
  try {
    return await post(attachments);
  } catch (error) {
    // After an outage it is unknown whether the message was posted: the log decides later.
    if (error instanceof DeskwireError && error.code !== 'unavailable') {
      await application.attachments.release(named.ticketId, commandId);
    }
    throw error;
  }
}

export interface ReadableAttachment extends Attachment {
  /** Opens the content, or a range of it. The caller reads the stream to its end or destroys it. */
  open(range?: ByteRange): Promise<Readable>;
}

/**
 * Returns an attachment that the viewer may read now. Rejects with `not_found`. Asks the read models, which every node
 * keeps current, so that a user who loses access to a ticket loses access to its attachments too.
 */
export async function getAttachment(
  application: Application,
  viewer: UserFacts,
  id: string,
): Promise<ReadableAttachment> {
  const record = await application.attachments.find(id);
  if (record === undefined) throw notFound();
  const ticket = await backendsOf(application).queries.ticket(record.ticketId, viewer);
  if (ticket === undefined) throw notFound();
  if (record.internal === undefined) {
    if (record.uploaderId !== viewer.id) throw notFound();
  } else if (record.internal) {
    const access = accessOfView(ticket);
    if (!maySeeInternalNotes(viewer, access)) throw notFound();
  }
  const { name, size, mimeType } = record;
  return { id: record.id, name, size, mimeType, open: (range) => application.attachments.open(record, range) };
}

/**
 * Returns the user whom a signed link was made for, with their present role. Rejects with `unauthorized` or
 * `token_expired`; a user who was deactivated is `unauthorized`.
 */
export async function getLinkViewer(
  application: Application,
  attachmentId: string,
  link: LinkParameters,
): Promise<UserFacts> {
  application.attachments.verifyLink(attachmentId, link);
  const user = await application.directory.user(link.viewer);
  if (user === undefined || !user.active) throw unauthorized();
  return user;
}

function notFound(): DeskwireError {
  return new DeskwireError('not_found', 'Attachment not found');
}
