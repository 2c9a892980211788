import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogWindow } from '../../../src/projections/engine/window.ts';
import { eventsBetween } from './events.ts';

const positions = (events: readonly { position: number }[] | undefined) => events?.map((event) => event.position);

describe('a window of the log', () => {
  it('gives the events after a position', () => {
    const window = createLogWindow(100);
    expect(window.add(eventsBetween(1, 5))).toBe('advanced');
    expect(positions(window.after(2, 2))).toEqual([3, 4]);
    expect(positions(window.after(5, 10))).toEqual([]);
  });

  it('drops the oldest events beyond its capacity, and gives undefined to a reader that is further behind', () => {
    const window = createLogWindow(4);
    for (let position = 1; position <= 10; position += 1) window.add(eventsBetween(position, position));
    expect(window.after(0, 10)).toBeUndefined();
    expect(positions(window.after(6, 10))).toEqual([7, 8, 9, 10]);
  });

  it('refuses a batch that is not consecutive in itself', () => {
    const window = createLogWindow(10);
    expect(window.add([...eventsBetween(1, 1), ...eventsBetween(3, 3)])).toBe('gap');
    expect(window.end).toBe(0);
  });

  it('keeps a batch that arrived ahead, and appends it when the gap is filled', () => {
    const window = createLogWindow(10);
    expect(window.add(eventsBetween(3, 4))).toBe('gap');
    expect(window.add(eventsBetween(5, 6))).toBe('gap');
    expect(window.add(eventsBetween(1, 2))).toBe('advanced');
    expect(positions(window.after(0, 10))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('only ever holds consecutive positions, each once, whatever arrives', () => {
    const batch = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 8 }));
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (batches, capacity) => {
        const window = createLogWindow(capacity);
        let end = 0;
        for (const [first, length] of batches) {
          window.add(eventsBetween(first, first + length));
          expect(window.end).toBeGreaterThanOrEqual(end);
          end = window.end;
          for (let position = 0; position <= end; position += 1) {
            const after = window.after(position, 100);
            if (after) expect(positions(after)).toEqual(positions(eventsBetween(position + 1, end)));
          }
        }
      }),
    );
  });
});
