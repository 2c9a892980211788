/**
 * Runs a scenario through every sequence of its choices: an exhaustive scheduler for small cases. A run calls
 * `choose(n, state)` for a number below n at each point with n possible steps. `state` describes the world completely.
 * A run that reaches a known state ends there (`choose` answers undefined): the steps that follow are tried from the
 * first visit. Returns the number of distinct states.
 */
export type Choose = (options: number, state: () => string) => number | undefined;

export function everyInterleaving(run: (choose: Choose) => void): number {
  const visited = new Set<string>();
  const path: { taken: number; readonly options: number }[] = [];
  do {
    let depth = 0;
    run((options, state) => {
      const known = path[depth];
      depth += 1;
      if (known !== undefined) return known.taken;
      const fingerprint = state();
      if (visited.has(fingerprint)) return undefined;
      visited.add(fingerprint);
      path.push({ taken: 0, options });
      return 0;
    });
  } while (advance(path));
  return visited.size;
}

/** Moves to the next path: the last choice with another option takes that option. False after the last path. */
function advance(path: { taken: number; readonly options: number }[]): boolean {
  for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
    last.taken += 1;
    if (last.taken < last.options) return true;
    path.pop();
  }
  return false;
}
