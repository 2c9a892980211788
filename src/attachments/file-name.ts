/**
 * File names as people may see them and systems may save them. What a client calls a file is hostile: it may hold a path,
 * turn the reading direction around to show `exe.gnp` as `png.exe`, or end differently from what the file is.
 */

/** In code points, the extension included. With four bytes each it still fits a file system's 255 bytes, roughly cut. */
const MAX_LENGTH = 120;
const MAX_BYTES = 240;
/** Control and format characters (bidi overrides, zero-width), line separators, private use, lone surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}]/gu;
/** What Windows does not take in a name; the slashes are gone by then. */
const RESERVED = /[<>:"|?*]/g;
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i;
const EXTENSION = /\.([A-Za-z0-9]{1,16})$/;

/** The extension in lower case, without the dot; empty when there is none. */
export function extensionOf(name: string): string {
  return EXTENSION.exec(name)?.[1]?.toLowerCase() ?? '';
}

/**
 * A name that is safe to show, to send in a header and to save. It ends in one of `extensions`, so that no system takes
 * the file for something that it is not; the first is added when the client's name ends otherwise. None: any ending.
 */
export function safeFileName(given: string, extensions: readonly string[]): string {
  const name = cleaned(given);
  const extension = extensionOf(name);
  const [preferred] = extensions;
  if (preferred === undefined || extensions.includes(extension)) return shortened(name, extension);
  return shortened(`${name}.${preferred}`, preferred);
}

/** Only the last part of a path, of either kind, without what is not seen. */
export function cleaned(given: string): string {
  const last = given.split(/[/\\]/).at(-1) ?? '';
  const name = last
    .replace(/\s/gu, ' ')
    .replace(UNSEEN, '')
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
  const points = [...name.slice(0, name.length - end.length)].slice(0, MAX_LENGTH - end.length);
  while (Buffer.byteLength(points.join('')) > MAX_BYTES - end.length) points.pop();
  return points.join('') + end;
}
