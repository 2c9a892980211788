/** Reads the browser's clipboard. */
import type { Clipboard } from './pasted.ts';

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
