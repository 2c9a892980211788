/** A multipart body that holds one file, in the part `file`, and nothing else. */
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { DeskwireError } from '../domain/errors.ts';
import { assertName } from '../domain/json.ts';
import { requireUtf8 } from './input.ts';

const PART_NAME = /^[\w.-]{1,64}$/;

/**
 * Reads the file into `receive`. Rejects with `invalid_payload`, which names the field that is wrong, or with the error
 * of `receive`. A received file is disposed of when the rest of the body is refused.
 */
export async function oneFile<Received extends AsyncDisposable>(
  request: FastifyRequest,
  receive: (file: Readable) => Promise<Received>,
): Promise<{ name: string; received: Received }> {
  if (!request.isMultipart()) {
    throw new DeskwireError('unsupported_media_type', 'Send multipart/form-data', { field: 'Content-Type' });
  }
  requireUtf8(request.headers['content-type']);
  const parts = request.parts();
  const first = await nextOf(parts);
  if (first === undefined) throw new DeskwireError('invalid_payload', 'file is required', { field: 'file' });
  if (first.type !== 'file' || first.fieldname !== 'file') throw unknownPart(first);
  requireFileName(first.filename);
  await using refused = new AsyncDisposableStack();
  const received = refused.use(await receive(first.file));
  const second = await nextOf(parts);
  if (second !== undefined) throw unknownPart(second);
  refused.move();
  return { name: first.filename, received };
}

type Parts = ReturnType<FastifyRequest['parts']>;

async function nextOf(parts: Parts) {
  try {
    const { value, done } = await parts.next();
    return done ? undefined : value;
  } catch (cause) {
    throw new DeskwireError('invalid_payload', 'The body is not valid multipart/form-data', { field: 'body', cause });
  }
}

/** The parser makes U+FFFD of bytes that are not UTF-8. */
function requireFileName(name: string): void {
  assertName(name, 'file');
  if (!name.includes('\ufffd')) return;
  throw new DeskwireError('invalid_payload', 'file must have a name in UTF-8', { field: 'file' });
}

function unknownPart({ type, fieldname }: { type: string; fieldname: string }): DeskwireError {
  const name = PART_NAME.test(fieldname) ? fieldname : 'body';
  if (name === 'file' && type === 'field') {
    return new DeskwireError('invalid_payload', 'file must be a file, with a name', { field: 'file' });
  }
  const problem = name === 'file' ? 'One file at a time' : `${name} is not a known field`;
  return new DeskwireError('invalid_payload', problem, { field: name });
}
