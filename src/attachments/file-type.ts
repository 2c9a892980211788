/**
 * Finds the type of a file by its content, never by its name or by the client's word. Only types that people send to a
 * support desk are accepted. The name only decides between types whose content looks the same (plain text, the older
 * Office formats).
 *
 * This does not prove that a file is harmless: a picture can also be a page, and an Office document can contain macros.
 * Files are therefore served in ways in which they cannot run anything (docs/attachments.md).
 */
import { createReadStream } from 'node:fs';
import { fileTypeFromFile } from 'file-type';
import { extensionOf } from './file-name.ts';

export interface FileType {
  readonly mimeType: string;
  /** Extensions that the name may have; the first is the usual one. */
  readonly extensions: readonly string[];
}

/** Time limit of the detection. */
const SNIFF_MS = 5_000;
/** Memory that a parser may use for one read. */
const SNIFF_BYTES = 1_048_576;

const OPENXML = 'application/vnd.openxmlformats-officedocument';
const OPENDOCUMENT = 'application/vnd.oasis.opendocument';

/** Extensions by the type that the content shows. */
const BINARY: Readonly<Record<string, readonly string[]>> = {
  'image/png': ['png'],
  'image/apng': ['png', 'apng'],
  'image/jpeg': ['jpg', 'jpeg', 'jpe', 'jfif'],
  'image/gif': ['gif'],
  'image/webp': ['webp'],
  'image/avif': ['avif'],
  'image/bmp': ['bmp'],
  'image/tiff': ['tiff', 'tif'],
  'image/heic': ['heic', 'heif'],
  'image/heif': ['heif', 'heic'],
  'application/pdf': ['pdf'],
  'application/zip': ['zip'],
  [`${OPENXML}.wordprocessingml.document`]: ['docx'],
  [`${OPENXML}.spreadsheetml.sheet`]: ['xlsx'],
  [`${OPENXML}.presentationml.presentation`]: ['pptx'],
  [`${OPENDOCUMENT}.text`]: ['odt'],
  [`${OPENDOCUMENT}.spreadsheet`]: ['ods'],
  [`${OPENDOCUMENT}.presentation`]: ['odp'],
};

/**
 * One container format for many types, installers among them. The extension decides, so a name without one is refused.
 */
const COMPOUND = 'application/x-cfb';
const COMPOUND_TYPES: Readonly<Record<string, string>> = {
  doc: 'application/msword',
  xls: 'application/vnd.ms-excel',
  ppt: 'application/vnd.ms-powerpoint',
  msg: 'application/vnd.ms-outlook',
  // Encrypted documents.
  docx: `${OPENXML}.wordprocessingml.document`,
  xlsx: `${OPENXML}.spreadsheetml.sheet`,
  pptx: `${OPENXML}.presentationml.presentation`,
};

/** Text has no signature, so the extension decides. Text named as markup, a script or a picture is refused. */
const TEXT_TYPES: Readonly<Record<string, string>> = {
  txt: 'text/plain',
  text: 'text/plain',
  log: 'text/plain',
  md: 'text/plain',
  json: 'text/plain',
  yaml: 'text/plain',
  yml: 'text/plain',
  csv: 'text/csv',
  tsv: 'text/plain',
};

/**
 * Types whose files always contain control characters. Some signatures are two or three letters (BM, MZ, ID3), so that
 * text may begin with them: a file without control characters is text and not one of these.
 */
const NEVER_TEXT =
  /^(?:(?:image|audio|video|font)\/(?!svg)|application\/x-(?:msdownload|shockwave-flash|bzip2|compress)$)/;
const PRINTED = /^[\t\n\f\r\x20-\x7e\x80-\u{10ffff}]*$/u;
const NO_NUL = /^[^\0]*$/;

/** Undefined when the type is not accepted. Reads the file at most once for each check, in bounded chunks. */
export async function fileTypeOf(path: string, name: string): Promise<FileType | undefined> {
  const found = await signatureOf(path);
  const extension = extensionOf(name);
  if (found !== undefined && NEVER_TEXT.test(found) && (await isText(path, PRINTED))) return textTypeOf(extension);
  if (found === COMPOUND) return typeIn(COMPOUND_TYPES, extension);
  if (found !== undefined) {
    const extensions = Object.hasOwn(BINARY, found) ? BINARY[found] : undefined;
    return extensions && { mimeType: found, extensions };
  }
  return (await isText(path, NO_NUL)) ? textTypeOf(extension) : undefined;
}

function textTypeOf(extension: string): FileType | undefined {
  return typeIn(TEXT_TYPES, extension === '' ? 'txt' : extension);
}

function typeIn(types: Readonly<Record<string, string>>, extension: string): FileType | undefined {
  const mimeType = Object.hasOwn(types, extension) ? types[extension] : undefined;
  return mimeType === undefined ? undefined : { mimeType, extensions: [extension] };
}

/** The type that the file's signature or table of contents shows; undefined for plain text and unknown types. */
async function signatureOf(path: string): Promise<string | undefined> {
  const options = { maxBufferSize: SNIFF_BYTES, signal: AbortSignal.timeout(SNIFF_MS) };
  try {
    return (await fileTypeFromFile(path, options))?.mime;
  } catch {
    // A file that exhausts the parser's limits is refused, even as text.
    return 'application/octet-stream';
  }
}

/** UTF-8 in which each chunk matches `allowed`, to the last byte. */
async function isText(path: string, allowed: RegExp): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of createReadStream(path)) {
      if (!allowed.test(decoder.decode(chunk, { stream: true }))) return false;
    }
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
