/**
 * Runs a scenario through every sequence of choices that it can make: an exhaustive scheduler for small cases. A run
 * asks `choose(n, state)` for a number below n wherever the world could go on in n ways. `state` describes the world
 * completely, so a run that gets to a state that was seen before ends there (`choose` answers undefined): whatever can
 * follow has been, or will be, tried from the first visit. Nothing is sampled. Returns the number of distinct states.
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

/** Moves on to the next path: the last choice that has another option takes it. False when every path was taken. */
function advance(path: { taken: number; readonly options: number }[]): boolean {
  for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
    last.taken += 1;
    if (last.taken < last.options) return true;
    path.pop();
  }
  return false;
}
