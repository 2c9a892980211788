/**
 * Decides what is pasted into a message. Programs put several forms of one thing on the clipboard: a spreadsheet adds a
 * picture of the cells to their text, a file manager adds the names of files, a page adds markup around a picture.
 */
export interface Clipboard {
  readonly files: readonly File[];
  readonly text: string;
  readonly html: string;
}

/** `text`: inserted in place of the browser's own paste. Undefined: the browser pastes the plain text itself. */
export interface Pasted {
  readonly files: readonly File[];
  readonly text: string | undefined;
}

/** `textOf` returns the text of a piece of HTML, without its markup. */
export function pastedFrom({ files, text, html }: Clipboard, textOf: (html: string) => string): Pasted | undefined {
  const written = html === '' ? '' : textOf(html).trim();
  const isDocument = written !== '';
  if (files.length > 0 && !isDocument) return { files, text: undefined };
  if (text === '' && isDocument) return { files: [], text: written };
  return undefined;
}
