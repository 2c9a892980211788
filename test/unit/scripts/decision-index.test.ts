import { expect, it } from 'vitest';
import { misplacedDecisions } from '../../../scripts/decision-index.ts';

const row = '| [0007](0007-ticket-numbers.md) | Ticket numbers |';
const end = '\n## Later pages that change earlier ones\n';

/** Returns the problems of an index with these lines, for one page: `0007 Ticket numbers`. */
function problemsOf(...lines: string[]): string[] {
  const files = new Map([
    ['docs/decisions/README.md', `# Decisions\n\n| | |\n|---|---|\n${lines.join('\n')}\n`],
    ['docs/decisions/0007-ticket-numbers.md', '# 0007 Ticket numbers\n'],
  ]);
  return misplacedDecisions(files).map(({ line, problem }) => `${line}: ${problem}`);
}

it('accepts an index that lists a page once, and in the table of later changes as often as needed', () => {
  expect(problemsOf(row, end, row, row)).toEqual([]);
});

it.each([
  ['is missing', [end], ['1: 0007-ticket-numbers.md is in no table']],
  ['is only in the table of later changes', [end, row], ['1: 0007-ticket-numbers.md is in no table']],
  ['is in a row of another shape', [`| [0001](0001-a.md) ${row}`], ['1: 0007-ticket-numbers.md is in no table']],
  ['is listed twice', [row, row], ['6: 0007-ticket-numbers.md is listed twice']],
  ['has another title', [row.replace('numbers |', 'counters |')], ['5: 0007-ticket-numbers.md has another title']],
  ['has another number', [row.replace('[0007]', '[0008]')], ['5: 0007-ticket-numbers.md has another title']],
])('finds a page that %s', (_case, lines, problems) => {
  expect(problemsOf(...lines)).toEqual(problems);
});
