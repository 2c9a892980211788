/**
 * A name or text of a user inside a sentence. Its letters may be written in the other direction than the sentence, and
 * would move the words and signs around it. Unicode's isolates keep it apart, also in titles and labels, where there is
 * no markup. Source: Unicode Standard Annex 9, "Explicit Directional Isolates".
 */
const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';
/** Signs that turn the direction of text; one that closes an isolate would let the rest of the name out. */
const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

export function isolated(text: string): string {
  return FIRST_STRONG_ISOLATE + text.replace(TURNING, '') + POP_ISOLATE;
}

/** Isolates a user's name in a sentence that the server wrote: the last place where the name stands. */
export function withIsolated(sentence: string, name: string): string {
  const at = name === '' ? -1 : sentence.lastIndexOf(name);
  return at < 0 ? sentence : sentence.slice(0, at) + isolated(name) + sentence.slice(at + name.length);
}

/** The sentence of a notification. A new message reads "{name}: {text}"; the others name the requester. */
export function notificationText(message: string, data: Readonly<Record<string, unknown>>): string {
  const { senderName, username } = data;
  if (typeof senderName === 'string' && message.startsWith(`${senderName}: `))
    return `${isolated(senderName)}: ${isolated(message.slice(senderName.length + 2))}`;
  return typeof username === 'string' ? withIsolated(message, username) : message;
}
