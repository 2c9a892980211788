import { describe, expect, it } from 'vitest';
import { brokenCitations } from '../../../scripts/citations.ts';

/** Returns `file:line: problem` for each broken citation of `files`, which are added to a small repository in order. */
function broken(files: Record<string, string>): string[] {
  const all = new Map(Object.entries({ ...repository, ...files }));
  return brokenCitations(all).map(({ file, line, problem }) => `${file}:${line}: ${problem}`);
}

const repository = {
  'package.json': '{ "scripts": { "size": "node scripts/size.ts", "test": "vitest run" } }',
  'docs/protocol.md': '# Protocol\n\n## 1. Identity\n\n### 1.1 Names of users\n\n## 2. Tickets\n\nAs in section 1.\n',
  'docs/decisions/0007-ticket-numbers.md': '# 0007: Ticket numbers\n',
  'src/domain/event.ts': 'export {};\n',
  'src/projections/rebuilds.ts': 'export {};\n',
  'scripts/size.ts': '',
  'deploy/nats.conf': '',
};

describe('npm run citations', () => {
  it('finds nothing where each citation leads somewhere', () => {
    const comment = [
      '/**',
      ' * See docs/protocol.md, sections 1, 1.1 and 2, `rebuilds.ts`, `nats.conf`, `../projections/rebuilds.ts`, src/domain/,',
      ' * `src/*/event.ts`, docs/decisions/0007, decision 0007, RFC 9110, section 14, and `npm run size`: docs/protocol.md',
      ' * section 2.',
      ' */',
    ].join('\n');
    const page = 'As [it says](docs/protocol.md#11-names-of-users), [here](#title), or [there](https://a.b/c.md).\n';
    expect(broken({ 'src/domain/a.ts': comment, 'README.md': `# Title\n\n${page}` })).toEqual([]);
  });

  it.each([
    ['a path', 'See src/domain/gone.ts.', 'src/domain/gone.ts does not exist'],
    ['a folder', 'See test/gone/.', 'test/gone/ does not exist'],
    ['a pattern', 'See `src/*/gone.ts`.', 'src/*/gone.ts does not exist'],
    ['a name of a file', 'See `gone.ts`.', 'gone.ts does not exist'],
    ['a name of a file of another kind', 'See `gone.json`.', 'gone.json does not exist'],
    ['a relative path', 'See `../gone/event.ts`.', '../gone/event.ts does not exist'],
    ['a document', 'See GONE.md.', 'GONE.md does not exist'],
    ['a name in other letters', 'See PROTOCOL.md section 1.', 'PROTOCOL.md does not exist'],
    ['a page', 'See docs/gone.md.', 'docs/gone.md does not exist'],
    ['a section', 'See docs/protocol.md section 3.', 'docs/protocol.md has no section 3'],
    ['one of several sections', 'See docs/protocol.md sections 1 and 4.', 'docs/protocol.md has no section 4'],
    ['a section below one', 'See docs/protocol.md section 1.2.', 'docs/protocol.md has no section 1.2'],
    ['a section of nothing', 'Source: section 1.', 'section 1 of no document'],
    ['a decision', 'As decision 0008 says.', 'decision 0008 does not exist'],
    ['one of several decisions', 'As decisions 0007 and 0008 say.', 'decision 0008 does not exist'],
    ['the path of a decision', 'See docs/decisions/0008.', 'docs/decisions/0008 does not exist'],
    ['a script', 'Run `npm run gone`.', 'npm run gone does not exist'],
    ['a place outside', 'See ../../../shared/docker.', '../../../shared/docker is outside the repository'],
  ])('finds %s that is not there', (_, text, problem) => {
    expect(broken({ 'src/domain/a.ts': `export {};\n// ${text}\n` })).toEqual([`src/domain/a.ts:2: ${problem}`]);
  });

  it('reads comments in shell and CSS, titles of tests, and blocks of markdown', () => {
    const files = {
      '.ci/run': '#!/bin/sh\n# As gone.ts does.\nrun=elsewhere.ts\n',
      'console/all.css': 'a { b: c }\n/* As\n   gone.ts does. */\n',
      'docs/code.md': 'Run:\n\n```sh\nnpm run gone\n```\n',
      'docs/words.md': 'As `docs/protocol.md`\nsection 9 says.\n\n| a |\n|---|\n| `gone.ts` |\n',
      'test/a.test.ts': "describe('gone.ts', () => {\n  it.each([1])('reads gone.md', () => read('absent.md'));\n});\n",
    };
    expect(broken(files)).toEqual([
      '.ci/run:2: gone.ts does not exist',
      'console/all.css:3: gone.ts does not exist',
      'docs/code.md:4: npm run gone does not exist',
      'docs/words.md:1: docs/protocol.md has no section 9',
      'docs/words.md:6: gone.ts does not exist',
      'test/a.test.ts:1: gone.ts does not exist',
      'test/a.test.ts:2: gone.md does not exist',
    ]);
  });

  it('follows the links of a page, and finds missing files and headings', () => {
    const page = '[a](gone.md)\n\n[b](protocol.md#3-rooms)\n\n[c](#no-such-heading)\n\n![d](../pictures/e.png)\n';
    expect(broken({ 'docs/page.md': page })).toEqual([
      'docs/page.md:1: docs/gone.md does not exist',
      'docs/page.md:3: docs/protocol.md has no heading #3-rooms',
      'docs/page.md:5: docs/page.md has no heading #no-such-heading',
      'docs/page.md:7: pictures/e.png does not exist',
    ]);
  });

  it('finds a citation that a line break divides, and names the line where it begins', () => {
    const comments = '/*\n * First. See docs/protocol.md\n * section 7.\n */\n\n// See decision\n// 0099.\n';
    expect(broken({ 'src/domain/a.ts': comments })).toEqual([
      'src/domain/a.ts:2: docs/protocol.md has no section 7',
      'src/domain/a.ts:6: decision 0099 does not exist',
    ]);
  });
});
