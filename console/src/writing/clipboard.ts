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

export function clipboardOf(data: DataTransfer): Clipboard {
  return { files: [...data.files], text: data.getData('text/plain'), html: data.getData('text/html') };
}

/** Parses without running scripts or loading pictures. */
export function textOfHtml(html: string): string {
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  for (const hidden of body.querySelectorAll('script, style, template')) hidden.remove();
  for (const line of body.querySelectorAll('br, p, div, li, tr, h1, h2, h3, h4, h5, h6')) line.append('\n');
  for (const line of body.querySelectorAll('br')) line.replaceWith('\n');
  return body.textContent ?? '';
}
