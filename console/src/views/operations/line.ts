/** The SVG path of a figure over time. */

/** The size of the view box; the line is stretched to the available room. */
export const WIDTH = 240;
export const HEIGHT = 48;
const MARGIN = 2;

/** The newest value is at the end. The scale starts at 0 and reaches at least 5, so that small values look small. */
export function lineOf(values: readonly (number | undefined)[]): string {
  const most = Math.max(5, ...values.map((value) => value ?? 0));
  const step = values.length > 1 ? WIDTH / (values.length - 1) : 0;
  let path = '';
  let isGap = true;
  for (const [index, value] of values.entries()) {
    if (value === undefined) {
      isGap = true;
      continue;
    }
    const y = HEIGHT - MARGIN - (value / most) * (HEIGHT - 2 * MARGIN);
    path += `${isGap ? 'M' : 'L'}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    isGap = false;
  }
  return path;
}
