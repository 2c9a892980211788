/**
 * Keys in fields that people write in. While an input method composes text, Enter and Escape belong to the input method
 * alone. `isComposing` does not tell all: Safari reports the Enter that ends a composition after the composition, with
 * the key code 229. Source: W3C UI Events, "keyCode of input methods"; WebKit bug 165004.
 */
interface Key {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly repeat: boolean;
  readonly isComposing: boolean;
  readonly keyCode: number;
}

const HANDLED_BY_INPUT_METHOD = 229;

export function isForInputMethod({ isComposing, keyCode }: Pick<Key, 'isComposing' | 'keyCode'>): boolean {
  return isComposing || keyCode === HANDLED_BY_INPUT_METHOD;
}

/** Whether a key sends the message. A key that is held down sends once. */
export function isSendKey(event: Key): boolean {
  return event.key === 'Enter' && !event.shiftKey && !event.altKey && !event.repeat && !isForInputMethod(event);
}

export function isLeaveKey(event: Pick<Key, 'key' | 'isComposing' | 'keyCode'>): boolean {
  return event.key === 'Escape' && !isForInputMethod(event);
}
