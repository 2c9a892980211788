import { describe, expect, it } from 'vitest';
import { wideComments } from '../../../scripts/comment-width.ts';

const wide = `${'word '.repeat(24)}end`;

function linesIn(file: string, content: string): string[] {
  return wideComments(new Map([[file, content]])).map(({ line, problem }) => `${line}: ${problem}`);
}

describe('npm run comment-width', () => {
  it('lets lines end at column 120', () => {
    expect(linesIn('a.ts', `// ${'x'.repeat(117)}\n`)).toEqual([]);
    expect(linesIn('a.ts', `// ${'x'.repeat(118)}\n`)).toEqual([
      '1: the comment ends at column 121, and may end at 120',
    ]);
  });

  it.each([
    ['a.ts', `const a = 1;\n\n/**\n * Short.\n * ${wide}\n */\n`, 5],
    ['a.tsx', `const a = <p>{/* ${wide} */}</p>;\n`, 1],
    ['a.mjs', `// Short.\n// ${wide}\n`, 2],
    ['a.sh', `#!/bin/sh\n# ${wide}\n`, 2],
    ['a.css', `/* Short.\n   ${wide} */\n`, 2],
  ])('finds a longer line in a comment of %s', (file, content, line) => {
    expect(linesIn(file, content)).toEqual([expect.stringMatching(new RegExp(`^${line}: `))]);
  });

  it('leaves code, strings, lines with a URL and pages alone', () => {
    expect(linesIn('a.ts', `const a = '// ${wide}';\n// See https://example.com/${'x'.repeat(120)}\n`)).toEqual([]);
    expect(linesIn('a.sh', `echo ${wide}\n`)).toEqual([]);
    expect(linesIn('a.md', `${wide}\n`)).toEqual([]);
  });
});
