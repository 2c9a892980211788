/** Pastes from the browser's clipboard. */
import { type Clipboard, pastedFrom } from './pasted.ts';

/** Takes files out of what is pasted into a field, and text out of what has markup only. */
export function paste(event: ClipboardEvent, attach: (files: readonly File[]) => void): void {
  const pasted = event.clipboardData && pastedFrom(clipboardOf(event.clipboardData), textOfHtml);
  if (!pasted) return;
  event.preventDefault();
  if (pasted.files.length > 0) attach(pasted.files);
  // Unlike an assignment, this keeps the browser's undo.
  if (pasted.text !== undefined) document.execCommand('insertText', false, pasted.text);
}

function clipboardOf(data: DataTransfer): Clipboard {
  return { files: [...data.files], text: data.getData('text/plain'), html: data.getData('text/html') };
}

/** Parses without running scripts or loading pictures. */
function textOfHtml(html: string): string {
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  for (const hidden of body.querySelectorAll('script, style, template')) hidden.remove();
  for (const line of body.querySelectorAll('br, p, div, li, tr, h1, h2, h3, h4, h5, h6')) line.append('\n');
  for (const line of body.querySelectorAll('br')) line.replaceWith('\n');
  return body.textContent ?? '';
}
