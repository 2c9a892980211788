/** The one range of bytes that a request asks for. Source: RFC 9110, section 14. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ByteRange } from '../application/attachments.ts';

const ONE_RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/;

/** Undefined for the whole file, which is a right answer also to several ranges or to an `If-Range` of another file. */
export function rangeOf(
  headers: IncomingHttpHeaders,
  { id, size }: { readonly id: string; readonly size: number },
): ByteRange | 'unsatisfiable' | undefined {
  const [, first = '', last = ''] = ONE_RANGE.exec(headers.range ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const ifRange = headers['if-range'];
  if (ifRange !== undefined && ifRange !== `"${id}"`) return undefined;
  // `-500` are the last 500 bytes.
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  return start > end ? 'unsatisfiable' : { start, end };
}
