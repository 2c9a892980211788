/** The read models that were written during the faults equal those that a rebuild makes from the log, row for row. */
import type { Rule } from '../history.ts';

export const projectionsEqualRebuild: Rule = {
  name: 'projections equal a rebuild',
  check({ projections: { serving, rebuilt, parked, failure } }) {
    if (failure !== undefined) return [`a rebuild fails: ${failure}`];
    const tables = new Set([...Object.keys(serving), ...Object.keys(rebuilt)]);
    const wrong = [...tables].flatMap((table) => {
      const [has, must] = [serving[table] ?? [], rebuilt[table] ?? []];
      const [extra, missing] = [without(has, must), without(must, has)];
      return [
        ...(extra.length > 0 ? [`${table} has ${extra.length} rows that a rebuild does not make: ${extra[0]}`] : []),
        ...(missing.length > 0 ? [`${table} lacks ${missing.length} rows that a rebuild makes: ${missing[0]}`] : []),
      ];
    });
    return parked === 0 ? wrong : [...wrong, `${parked} events are parked`];
  },
};

/** The rows that `others` lacks or has less often. */
function without(rows: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1);
  return rows.filter((row) => {
    const times = left.get(row) ?? 0;
    left.set(row, times - 1);
    return times <= 0;
  });
}
