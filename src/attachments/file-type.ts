/**
 * What a file is, by its content: never by its name or by what the client says. Only what people send to a support desk
 * is taken. A name only decides between types whose content looks the same (plain text, the older Office formats).
 *
 * Nothing here proves a file harmless: a picture can be a page as well, an Office document can hold macros. So whatever
 * is taken is later served in ways in which it cannot act (docs/attachments.md).
 */
import { createReadStream } from 'node:fs';
import { fileTypeFromFile } from 'file-type';
import { extensionOf } from './file-name.ts';

export interface FileType {
  readonly mimeType: string;
  /** That its name may have; the first is the usual one. */
  readonly extensions: readonly string[];
}

/** Time that finding out may take, and memory that the parsers may take for one read. */
const SNIFF_MS = 5_000;
const SNIFF_BYTES = 1_048_576;

const OPENXML = 'application/vnd.openxmlformats-officedocument';
const OPENDOCUMENT = 'application/vnd.oasis.opendocument';

/** By the type that the content shows: the extensions. */
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

/** One container for many formats, installers among them: by the extension of the name, which it must have. */
const COMPOUND = 'application/x-cfb';
const COMPOUND_TYPES: Readonly<Record<string, string>> = {
  doc: 'application/msword',
  xls: 'application/vnd.ms-excel',
  ppt: 'application/vnd.ms-powerpoint',
  msg: 'application/vnd.ms-outlook',
  // Encrypted ones.
  docx: `${OPENXML}.wordprocessingml.document`,
  xlsx: `${OPENXML}.spreadsheetml.sheet`,
  pptx: `${OPENXML}.presentationml.presentation`,
};

/** Text has no signature. Names that say it is markup, a script or a picture are refused with it. */
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

/** Undefined when it is nothing that is taken. Reads at most the file, a bounded part of it at a time. */
export async function fileTypeOf(path: string, name: string): Promise<FileType | undefined> {
  const found = await signatureOf(path);
  const extension = extensionOf(name);
  if (found === COMPOUND) return typeIn(COMPOUND_TYPES, extension);
  if (found !== undefined) {
    const extensions = Object.hasOwn(BINARY, found) ? BINARY[found] : undefined;
    return extensions && { mimeType: found, extensions };
  }
  if (!(await isText(path))) return undefined;
  return typeIn(TEXT_TYPES, extension === '' ? 'txt' : extension);
}

function typeIn(types: Readonly<Record<string, string>>, extension: string): FileType | undefined {
  const mimeType = Object.hasOwn(types, extension) ? types[extension] : undefined;
  return mimeType === undefined ? undefined : { mimeType, extensions: [extension] };
}

/** The type that the beginning, or the directory, of the file shows; undefined for plain text, among others. */
async function signatureOf(path: string): Promise<string | undefined> {
  const options = { maxBufferSize: SNIFF_BYTES, signal: AbortSignal.timeout(SNIFF_MS) };
  try {
    return (await fileTypeFromFile(path, options))?.mime;
  } catch {
    // A file made to wear out its reader is none that is taken; not even text.
    return 'application/octet-stream';
  }
}

/** UTF-8 without U+0000, to the last byte. */
async function isText(path: string): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of createReadStream(path)) {
      if (decoder.decode(chunk, { stream: true }).includes('\0')) return false;
    }
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
