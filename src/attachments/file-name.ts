/**
 * Makes file names safe to show and to save. A name from a client is hostile input: it may contain a path, reverse the
 * reading direction to show `exe.gnp` as `png.exe`, or have an extension that does not match the content.
 */
import { beginningOf } from '../domain/text.ts';

/** Code points, including the extension. `MAX_BYTES` keeps the name within the 255 bytes of file systems. */
const MAX_LENGTH = 120;
const MAX_BYTES = 240;
/** Control and format characters (bidi overrides, zero-width), line separators, private use, lone surrogates. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}]/gu;
/** Characters that Windows refuses in a name. Slashes are removed before. */
const RESERVED = /[<>:"|?*]/g;
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i;
const EXTENSION = /\.([A-Za-z0-9]{1,16})$/;

/** Returns the extension in lower case, without the dot; empty when there is none. */
export function extensionOf(name: string): string {
  return EXTENSION.exec(name)?.[1]?.toLowerCase() ?? '';
}

/**
 * Returns a name that is safe to show, to send in a header and to save. It ends in one of `extensions`, so that no
 * system mistakes the type of the file. The first one is appended when the given name has another extension. With an
 * empty list, any extension is kept.
 */
export function safeFileName(given: string, extensions: readonly string[]): string {
  const name = cleaned(given);
  const extension = extensionOf(name);
  const [preferred] = extensions;
  if (preferred === undefined || extensions.includes(extension)) return shortened(name, extension);
  return shortened(`${name}.${preferred}`, preferred);
}

/** Returns the last part of a POSIX or Windows path, without invisible and reserved characters. */
export function cleaned(given: string): string {
  const last = given.split(/[/\\]/).at(-1) ?? '';
  const name = last
    .replace(/\s/gu, ' ')
    .replace(INVISIBLE, '')
    .normalize('NFC')
    .replace(/ +/g, ' ')
    .replace(RESERVED, '_')
    .replace(/^[. ]+/, '')
    .replace(/[. ]+$/, '');
  if (name === '') return 'file';
  return DEVICE.test(name) ? `_${name}` : name;
}

function shortened(name: string, extension: string): string {
  const end = extension === '' ? '' : name.slice(-(extension.length + 1));
  const stem = name.slice(0, name.length - end.length);
  let limit = MAX_LENGTH - end.length;
  let start = beginningOf(stem, limit);
  while (Buffer.byteLength(start) > MAX_BYTES - end.length) {
    limit -= 1;
    start = beginningOf(stem, limit);
  }
  return (start === '' ? 'file' : start) + end;
}
