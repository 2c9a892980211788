/** Measures a payload quickly, before anything else reads it. */

/** True when the characters and values in `value`, keys included, are no more than `limit`. Does not recurse. */
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
