/**
 * Records whose keys come from clients, as plain JSON. An id may be `__proto__` or `constructor`: only own properties
 * count, and writing makes an own property (a computed key and a spread define, they never assign), so that such an id
 * is an id like any other, and stays one through JSON.
 */

export function lookUp<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

export function withEntry<T>(record: Readonly<Record<string, T>>, key: string, value: T): Readonly<Record<string, T>> {
  return { ...record, [key]: value };
}

export function withoutEntry<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  if (!Object.hasOwn(record, key)) return record;
  const { [key]: _removed, ...rest } = record;
  return rest;
}
