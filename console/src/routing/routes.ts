/** Matches and builds paths. `:name` in a pattern stands for one segment of a path. */
export type Params = Readonly<Record<string, string>>;

/** The segments that the pattern names; undefined when the path does not match. */
export function match(pattern: string, path: string): Params | undefined {
  const wanted = partsOf(pattern);
  const given = partsOf(path);
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const found = given[index] ?? '';
    if (!part.startsWith(':')) {
      if (part !== found) return undefined;
      continue;
    }
    const value = decoded(found);
    if (value === undefined) return undefined;
    params[part.slice(1)] = value;
  }
  return params;
}

export function pathTo(pattern: string, params: Params = {}): string {
  const parts = partsOf(pattern).map((part) =>
    part.startsWith(':') ? encodeURIComponent(params[part.slice(1)] ?? '') : part,
  );
  return `/${parts.join('/')}`;
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
