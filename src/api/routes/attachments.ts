/**
 * Uploading files to a ticket's chat, and fetching them: with a token, or by the signed link that messages carry, which
 * a browser can follow by itself. Either way the access of that user is checked now, not when the link was made.
 */
import { Readable } from 'node:stream';
import multipart from '@fastify/multipart';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Application } from '../../application/application.ts';
import { getAttachment, getLinkViewer, uploadAttachment } from '../../application/attachments.ts';
import type { Authenticate } from '../../auth/authenticator.ts';
import { unauthorized } from '../../auth/tokens.ts';
import { Attachment, DOWNLOAD_ANSWERS } from '../../contract/attachment.ts';
import { IdField, TicketIdField } from '../../contract/fields.ts';
import { LIMITS } from '../../contract/limits.ts';
import type { Attachment as AttachmentFacts } from '../../domain/ticket/events.ts';
import type { App } from '../app.ts';
import { rangeOf } from '../byte-range.ts';
import { oneFile } from '../multipart.ts';
import { requireAuthentication, userOf } from '../requests.ts';

/** Beside the file: boundaries and the headers of its part. */
const ENVELOPE_BYTES = 8_192;
/** A file never changes, but whether its viewer may see it does: it is asked for again each time. */
const CACHE_CONTROL = 'private, no-store';

/** Pictures that browsers draw and that cannot hold scripts. Everything else is given to keep, never to open. */
const SHOWN_INLINE: ReadonlySet<string> = new Set([
  'image/png',
  'image/apng',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
]);
/** Should a browser take a file for a page after all, the page can do nothing. */
const SANDBOX = "default-src 'none'; sandbox; frame-ancestors 'none'";

const UploadParams = Type.Object({ ticketId: TicketIdField });
const Params = Type.Object({ id: IdField });
/** All of a link's, or none with a token. */
const LinkQuery = Type.Object(
  {
    viewer: Type.Optional(IdField),
    expires: Type.Optional(Type.Integer({ minimum: 0, maximum: 99_999_999_999 })),
    signature: Type.Optional(Type.String({ minLength: 1, maxLength: LIMITS.id })),
  },
  { additionalProperties: false },
);

export async function uploadRoutes(app: App, application: Application): Promise<void> {
  await app.register(multipart, {
    throwFileSizeLimit: false,
    // Counting is ours; a file that is cut short without an error must not be possible.
    limits: { fileSize: LIMITS.fileBytes + 1, files: 2, fields: 1, parts: 3, fieldSize: 256, headerPairs: 20 },
  });

  app.post(
    '/api/tickets/:ticketId/chat/upload',
    {
      config: { unlogged: true, file: 'file', problems: [409] },
      schema: {
        tags: ['Ticket chat'],
        summary: 'Upload a file for a message to name',
        description: 'For whoever may post in the ticket: up to 10 MB, of a kind that is told by its content.',
        params: UploadParams,
        response: { 201: Attachment },
      },
    },
    async (request, reply) => {
      const { ticketId } = request.params;
      const announced = Number(request.headers['content-length'] ?? 0) - ENVELOPE_BYTES;
      const attachment = await uploadAttachment(application, userOf(request), ticketId, announced, (receive) =>
        oneFile(request, receive),
      );
      return reply.code(201).header('location', `/api/v1/attachments/${attachment.id}`).send(attachment);
    },
  );
}

export interface DownloadOptions {
  /** Whether pages of other origins show what we serve. */
  readonly crossOrigin: boolean;
}

export function downloadRoutes(app: App, application: Application, { crossOrigin }: DownloadOptions): void {
  app.get(
    '/api/v1/attachments/:id',
    {
      config: { authenticated: true, linked: true },
      schema: {
        tags: ['Ticket chat'],
        summary: 'Fetch an attachment',
        description:
          'For whoever may see the message that names it: with a token, or with the link that messages carry.',
        params: Params,
        querystring: LinkQuery,
        response: DOWNLOAD_ANSWERS,
      },
    },
    async (request, reply) => {
      const attachment = await getAttachment(application, userOf(request), request.params.id);
      const range = rangeOf(request.headers, attachment);
      const known = request.headers['if-none-match']?.includes(entityTag(attachment));
      // Opened before the answer is described: of a failure nothing may be kept as if it were the file.
      const wanted = request.method === 'GET' && !known && range !== 'unsatisfiable';
      const content = wanted ? await attachment.open(range) : Readable.from([]);
      reply.headers(headersOf(attachment, crossOrigin ? 'cross-origin' : 'same-origin'));
      if (known) return reply.code(304).send(null);
      if (range === 'unsatisfiable')
        return reply.code(416).header('content-range', `bytes */${attachment.size}`).send();
      if (range !== undefined) {
        reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${attachment.size}`);
      }
      return reply.header('content-length', range ? range.end - range.start + 1 : attachment.size).send(content);
    },
  );
}

function headersOf(attachment: AttachmentFacts, resourcePolicy: 'same-origin' | 'cross-origin') {
  return {
    'content-type': contentTypeOf(attachment),
    'content-disposition': contentDispositionOf(attachment),
    'content-security-policy': SANDBOX,
    'cross-origin-resource-policy': resourcePolicy,
    'x-content-type-options': 'nosniff',
    'cache-control': CACHE_CONTROL,
    vary: 'Authorization, Origin',
    etag: entityTag(attachment),
    'accept-ranges': 'bytes',
  };
}

/** What an id stands for never changes. */
function entityTag({ id }: AttachmentFacts): string {
  return `"${id}"`;
}

/**
 * Hook: the user behind a signed link, or else behind a token. A link stands for its viewer as they are now: one who
 * was deactivated opens nothing.
 */
export function requireViewer(application: Application, authenticate: Authenticate) {
  const withToken = requireAuthentication(authenticate);
  return (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    const { query } = request;
    if (typeof query !== 'object' || query === null || !('signature' in query)) {
      withToken(request, reply, done);
      return;
    }
    viewerOf(application, request).then((user) => {
      request.authenticated = { user, expiresAt: 0, sessionId: undefined };
      done();
    }, done);
  };
}

async function viewerOf(application: Application, { params, query }: FastifyRequest) {
  const { id, viewer, expires, signature } = { ...Object(params), ...Object(query) };
  if (typeof viewer !== 'string' || typeof signature !== 'string' || !/^\d{1,11}$/.test(String(expires))) {
    throw unauthorized();
  }
  return getLinkViewer(application, String(id), { viewer, expires: Number(expires), signature });
}

function contentTypeOf({ mimeType }: AttachmentFacts): string {
  return mimeType.startsWith('text/') ? `${mimeType}; charset=utf-8` : mimeType;
}

/** Source: RFC 6266, RFC 8187. Names were made safe when they came in. */
function contentDispositionOf({ name, mimeType }: AttachmentFacts): string {
  const disposition = SHOWN_INLINE.has(mimeType) ? 'inline' : 'attachment';
  const ascii = name.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  return `${disposition}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
