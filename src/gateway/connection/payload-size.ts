/** Limits the size of a payload before anything else reads it. */

/**
 * True when the number of characters and values in `value`, keys included, is at most `limit`. Does not recurse, so
 * that a deeply nested payload cannot exhaust the call stack.
 */
export function sizeWithin(value: unknown, limit: number): boolean {
  const pending: unknown[] = [value];
  let left = limit;
  while (pending.length > 0) {
    const next = pending.pop();
    left -= typeof next === 'string' ? next.length + 1 : 1;
    if (left < 0) return false;
    if (ArrayBuffer.isView(next)) left -= next.byteLength;
    else if (Array.isArray(next)) {
      if (next.length > left) return false;
      for (const item of next) pending.push(item);
    } else if (typeof next === 'object' && next !== null) {
      for (const [key, item] of Object.entries(next)) {
        left -= key.length;
        pending.push(item);
      }
    }
  }
  return left >= 0;
}
