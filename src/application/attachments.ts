/**
 * Uploading and reading attachments. A user who sees the message that names an attachment may read it; access is checked
 * at each request. Before a message names it, only its uploader may read it. For all others it does not exist.
 */
import type { CommandContext } from '../actors/actor-system.ts';
import type { ClaimRequest } from '../attachments/attachments.ts';
import type { AttachmentRecord } from '../attachments/records.ts';
import type { Received } from '../attachments/spool.ts';
import { type Attachment as AttachmentWire, attachmentWire } from '../contract/attachment.ts';
import { mayPostMessage, maySeeInternalNotes, requireActive } from '../domain/access.ts';
import { DeskwireError } from '../domain/errors.ts';
import type { Attachment } from '../domain/ticket/events.ts';
import { accessOf } from '../domain/ticket/people.ts';
import type { UserFacts } from '../domain/user/identity.ts';
import type { Application } from './application.ts';
import { backendsOf } from './backends.ts';
import { ticketIdOf } from './tickets.ts';

/**
 * Stores the file that `receive` returns; `receive` is called only when the user may post in the ticket. Rejects with
 * `not_found`, `conflict` for a closed ticket, `rate_limited`, or the error of `receive`; no file is left then.
 */
export async function uploadAttachment(
  application: Application,
  uploader: UserFacts,
  idOrNumber: string,
  receive: () => Promise<{ name: string; received: Received }>,
): Promise<AttachmentWire> {
  const ticketId = await ticketIdOf(application, idOrNumber);
  await requireMayPost(application, uploader, ticketId);
  using _admitted = await application.attachments.admit(uploader);
  const { name, received } = await receive();
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

/**
 * The attachment, if the viewer may read it now; otherwise rejects with `not_found`. Access comes from the read models,
 * so that a user who loses access to a ticket loses access to its attachments.
 */
export async function readableAttachment(
  application: Application,
  viewer: UserFacts,
  id: string,
): Promise<AttachmentRecord> {
  const record = await application.attachments.find(id);
  if (record === undefined) throw notFound();
  const ticket = await backendsOf(application).queries.ticket(record.ticketId, viewer);
  if (ticket === undefined) throw notFound();
  if (record.internal === undefined) {
    if (record.uploaderId !== viewer.id) throw notFound();
  } else if (record.internal) {
    const access = { ...ticket, participantIds: new Set(ticket.participantIds) };
    if (!maySeeInternalNotes(viewer, access)) throw notFound();
  }
  return record;
}

function notFound(): DeskwireError {
  return new DeskwireError('not_found', 'Attachment not found');
}
