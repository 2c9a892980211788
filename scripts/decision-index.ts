/**
 * A rule of `npm run citations`: docs/decisions/README.md lists each decision once, in the table of a subsystem, with
 * the title of its page. Decision 0081 says why.
 */
import { basename } from 'node:path/posix';
import type { Files, Finding } from './findings.ts';

const INDEX = 'docs/decisions/README.md';
const PAGE = /^docs\/decisions\/\d{4}-[\w-]+\.md$/;
/** The tables of the subsystems come before this heading, the table of changes after it. */
const END = '\n## ';
/** A row of a subsystem's table. A row of another shape is not found, and its page then counts as not listed. */
const ROW = /^\| \[(\d{4})\]\((\d{4}-[\w-]+\.md)\) \| (.+) \|$/;

/** Returns the pages that the index does not list once under their titles. Nothing where there is no index. */
export function misplacedDecisions(files: Files): Finding[] {
  const index = files.get(INDEX);
  if (index === undefined) return [];
  const tables = index.split(END)[0] ?? '';
  const rows = tables.split('\n').flatMap((text, at) => {
    const [, number, page, title] = ROW.exec(text) ?? [];
    return page === undefined ? [] : [{ line: at + 1, number, page, title }];
  });
  const findings: Finding[] = [];
  for (const [path, content] of files) {
    if (!PAGE.test(path)) continue;
    const page = basename(path);
    const [first, ...others] = rows.filter((row) => row.page === page);
    if (first === undefined) {
      findings.push({ file: INDEX, line: 1, problem: `${page} is in no table` });
      continue;
    }
    const heading = `# ${first.number} ${first.title}`;
    if (content.split('\n')[0] !== heading) {
      findings.push({ file: INDEX, line: first.line, problem: `${page} has another title` });
    }
    for (const { line } of others) findings.push({ file: INDEX, line, problem: `${page} is listed twice` });
  }
  return findings;
}
