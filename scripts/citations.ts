/**
 * `npm run citations`: every path, document, section and script that a comment, a title of a test or a page cites is in
 * the repository. A citation that leads nowhere is worse than none: the reader looks for it. The index of decisions
 * lists every page (`decision-index.ts`).
 *
 * Prints a line for each that is not, and then fails. Sources outside are cited by a name without `.md`, or by a URL.
 */
import { basename, dirname, join, matchesGlob, normalize } from 'node:path/posix';
import GithubSlugger from 'github-slugger';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString as textOf } from 'mdast-util-to-string';
import { visit } from 'unist-util-visit';
import { misplacedDecisions } from './decision-index.ts';
import { type Files, type Finding, report, trackedFiles } from './findings.ts';
import { passagesOf } from './passages.ts';

/** Folders at the root: a path that starts with one is a citation wherever it stands. */
const roots = 'docs|src|test|scripts|bench|console|widget|examples|deploy|migrations|bin|\\.ci';
/** Extensions that only a name of a file has, and those that names of libraries have too. */
const plain = 'ts|tsx|mjs|md|sh';
const quoted = 'js|json|css|html|ya?ml|cfg|conf';

/** What the repository speaks of and does not hold. */
const elsewhere: ReadonlySet<string> = new Set([
  // Made on the machine that Deskwire is deployed from, and ignored by git.
  'deploy/secrets',
  // A file that the reader of docs/monitoring.md writes.
  'otel.mjs',
  './otel.mjs',
]);

const patterns = {
  path: new RegExp(`(?<![\\w./@-])(?:${roots})/[\\w.*{},@/-]*`, 'g'),
  file: new RegExp(`(?<![\\w/@*.-])[\\w.-][\\w./-]*\\.(?:${plain})(?![\\w-]|\\.\\w|/)`, 'g'),
  quotedFile: new RegExp(`(?<=\`)[\\w.-][\\w./-]*\\.(?:${quoted})(?=\`)`, 'g'),
  outside: /(?<![\w./])(?:\.\.\/)+shared\b(?:[\w./-]*[\w-])?/g,
  decision: /\bdecisions?\s+(\d{4}(?:(?:,\s+|,?\s+(?:and|or|to)\s+)\d{4})*)/gi,
  section:
    /(?:([\w./-]+\.md|RFC\s+\d+)`?,?\s+)?\bsections?\s+(\d+(?:\.\d+)*(?:(?:,\s+|,?\s+(?:and|or|to)\s+)\d+(?:\.\d+)*)*)/gi,
  script: /\bnpm\s+(?:run\s+(?:--silent\s+)?([\w:-]*\w)|(test|start)\b)/g,
};

/** Returns what is cited and does not exist, in the order of files and lines. */
export function brokenCitations(files: Files): Finding[] {
  const repository = {
    files,
    folders: foldersOf(files),
    names: new Set([...files.keys()].map((path) => basename(path))),
  };
  const findings: Finding[] = [];
  for (const [file, content] of files) {
    for (const { text, line } of passagesOf(file, content)) {
      for (const { index, problem } of problemsIn(text, file, repository)) {
        findings.push({ file, line: line + text.slice(0, index).split('\n').length - 1, problem });
      }
    }
    if (file.endsWith('.md')) findings.push(...brokenLinks(file, content, repository));
  }
  return findings.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

interface Repository {
  readonly files: Files;
  readonly folders: ReadonlySet<string>;
  /** Of its files, without folders. */
  readonly names: ReadonlySet<string>;
}

interface Problem {
  readonly index: number;
  readonly problem: string;
}

function* problemsIn(text: string, file: string, repository: Repository): Generator<Problem> {
  for (const { 0: match, index } of text.matchAll(patterns.path)) {
    const path = match.replace(/[.,]+$/, '');
    if (!isThere(path, file, repository)) yield { index, problem: `${path} does not exist` };
  }
  for (const pattern of [patterns.file, patterns.quotedFile]) {
    for (const { 0: name, index } of text.matchAll(pattern)) {
      if (new RegExp(`^(?:${roots})/`).test(name)) continue;
      if (!isFileThere(name, file, repository)) yield { index, problem: `${name} does not exist` };
    }
  }
  for (const { 0: path, index } of text.matchAll(patterns.outside)) {
    yield { index, problem: `${path} is outside the repository` };
  }
  for (const { 1: numbers = '', index } of text.matchAll(patterns.decision)) {
    for (const [number] of numbers.matchAll(/\d{4}/g)) {
      const page = [...repository.files.keys()].find((path) => path.startsWith(`docs/decisions/${number}-`));
      if (page === undefined) yield { index, problem: `decision ${number} does not exist` };
    }
  }
  yield* missingSections(text, file, repository);
  for (const { 1: run, 2: short, index } of text.matchAll(patterns.script)) {
    const script = run ?? short;
    if (script !== undefined && !hasScript(script, repository.files)) {
      yield { index, problem: `npm run ${script} does not exist` };
    }
  }
}

/** A section belongs to the document named before it, or else to the page that it stands in. */
function* missingSections(text: string, file: string, { files }: Repository): Generator<Problem> {
  for (const { 1: named, 2: numbers = '', index } of text.matchAll(patterns.section)) {
    if (named?.startsWith('RFC')) continue;
    const page =
      named === undefined ? file : [named, normalize(join(dirname(file), named))].find((path) => files.has(path));
    if (page === undefined) continue;
    if (!page.endsWith('.md')) {
      yield { index, problem: `section ${numbers} of no document` };
      continue;
    }
    const headings = headingsOf(files.get(page) ?? '');
    for (const [number] of numbers.matchAll(/\d+(?:\.\d+)*/g)) {
      const starts = [`${number}.`, `${number} `];
      if (!headings.some((heading) => starts.some((start) => heading.startsWith(start)))) {
        yield { index, problem: `${page} has no section ${number}` };
      }
    }
  }
}

function brokenLinks(file: string, content: string, repository: Repository): Finding[] {
  const findings: Finding[] = [];
  visit(fromMarkdown(content), (node) => {
    if (node.type !== 'link' && node.type !== 'image' && node.type !== 'definition') return;
    if (/^[a-z][a-z+.-]*:/i.test(node.url)) return;
    const [path = '', anchor] = decodeURI(node.url).split('#');
    const target = path === '' ? file : normalize(join(dirname(file), path));
    const problem = linkProblem(target, anchor, repository);
    if (problem !== undefined) findings.push({ file, line: node.position?.start.line ?? 1, problem });
  });
  return findings;
}

function linkProblem(target: string, anchor: string | undefined, { files, folders }: Repository): string | undefined {
  const content = files.get(target);
  if (content === undefined && !folders.has(target.replace(/\/$/, ''))) return `${target} does not exist`;
  if (anchor === undefined) return undefined;
  const slugger = new GithubSlugger();
  const anchors = headingsOf(content ?? '').map((heading) => slugger.slug(heading));
  return anchors.includes(anchor) ? undefined : `${target} has no heading #${anchor}`;
}

function headingsOf(content: string): string[] {
  const headings: string[] = [];
  visit(fromMarkdown(content), 'heading', (node) => {
    headings.push(textOf(node));
  });
  return headings;
}

/** A path from the root, or from the folder of the file that cites it; `*` and `{a,b}` must match something. */
function isThere(path: string, file: string, { files, folders }: Repository): boolean {
  if (elsewhere.has(path)) return true;
  if (/^docs\/decisions\/\d{4}$/.test(path)) return [...files.keys()].some((page) => page.startsWith(`${path}-`));
  const candidates = [path, ...ancestorsOf(file).map((folder) => `${folder}/${path}`)];
  if (/[*{]/.test(path)) {
    return candidates.some((glob) =>
      [...files.keys(), ...folders].some((one) => matchesGlob(one, glob.replace(/\/$/, ''))),
    );
  }
  return candidates.some((candidate) => files.has(candidate) || folders.has(candidate.replace(/\/$/, '')));
}

/** A name alone may be any file's; one with folders is read from the file that cites it, or as the end of a path. */
function isFileThere(name: string, file: string, { files, names }: Repository): boolean {
  if (elsewhere.has(name)) return true;
  if (!name.includes('/')) return names.has(name);
  if (files.has(normalize(join(dirname(file), name)))) return true;
  return !name.startsWith('.') && [...files.keys()].some((path) => path === name || path.endsWith(`/${name}`));
}

function ancestorsOf(file: string): string[] {
  const folder = dirname(file);
  return folder === '.' ? [] : [folder, ...ancestorsOf(folder)];
}

function foldersOf(files: Files): Set<string> {
  return new Set([...files.keys()].flatMap(ancestorsOf));
}

function hasScript(name: string, files: Files): boolean {
  return [...files].some(([path, text]) => {
    if (basename(path) !== 'package.json') return false;
    const { scripts = {} }: { scripts?: Record<string, string> } = JSON.parse(text);
    return name in scripts;
  });
}

if (import.meta.main) {
  const files = trackedFiles();
  report('citations', [...brokenCitations(files), ...misplacedDecisions(files)]);
}
