/**
 * What a reader reads in a file besides its code: comments, titles of tests, and the blocks of a markdown page. Each is
 * one passage, however many lines it takes, so that a check can see a phrase that a line break divides.
 */
import { fromMarkdown } from 'mdast-util-from-markdown';
import { toString as textOf } from 'mdast-util-to-string';
import { forEachComment } from 'ts-api-utils';
import ts from 'typescript';
import { SKIP, visit } from 'unist-util-visit';

export interface Passage {
  /** Without the marks of a comment; a line break stays one. */
  readonly text: string;
  /** Of its first line in the file, from 1. */
  readonly line: number;
}

const scripts = /\.([cm]?[jt]s|tsx)$/;
const hashComments = /\.(sh|ya?ml|conf|cfg)$|(^|\/)(Dockerfile|\.gitignore|\.dockerignore|\.env\.example)$|^\.ci\//;

/** Returns the passages of a file, in no particular order; none of a kind of file that it does not know. */
export function passagesOf(file: string, content: string): Passage[] {
  if (file.endsWith('.md')) return markdownBlocks(content);
  const titles = /\.test\.tsx?$/.test(file) ? titlesIn(parsed(file, content)) : [];
  return [...commentsOf(file, content), ...titles];
}

/** Returns the comments of a file, in no particular order; none of a kind of file that it does not know. */
export function commentsOf(file: string, content: string): Passage[] {
  if (scripts.test(file)) return commentsIn(parsed(file, content));
  if (file.endsWith('.css')) return cssComments(content);
  if (hashComments.test(file)) return joined(hashLines(content));
  return [];
}

function markdownBlocks(content: string): Passage[] {
  const passages: Passage[] = [];
  visit(fromMarkdown(content), (node) => {
    if (!['paragraph', 'heading', 'code', 'html'].includes(node.type)) return undefined;
    // The first line of a fenced block is its fence.
    const line = (node.position?.start.line ?? 1) + (node.type === 'code' ? 1 : 0);
    passages.push({ text: textOf(node), line });
    return SKIP;
  });
  return passages;
}

function parsed(file: string, content: string): ts.SourceFile {
  return ts.createSourceFile(file, content, ts.ScriptTarget.Latest, true);
}

function lineAt(source: ts.SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line + 1;
}

function commentsIn(source: ts.SourceFile): Passage[] {
  const lines: Passage[] = [];
  const blocks: Passage[] = [];
  forEachComment(source, (text, { kind, pos, end }) => {
    const passages = kind === ts.SyntaxKind.SingleLineCommentTrivia ? lines : blocks;
    passages.push({ text: withoutMarks(text.slice(pos, end)), line: lineAt(source, pos) });
  });
  return [...joined(lines), ...blocks];
}

/** The first arguments of `describe(…)`, `it(…)` and `test(…)`, and of what `.each` and the like make of them. */
function titlesIn(source: ts.SourceFile): Passage[] {
  const titles: Passage[] = [];
  const walk = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ['describe', 'it', 'test'].includes(rootOf(node.expression))) {
      const [title] = node.arguments;
      if (title !== undefined && ts.isStringLiteralLike(title)) {
        titles.push({ text: title.text, line: lineAt(source, title.getStart(source)) });
      }
    }
    ts.forEachChild(node, walk);
  };
  walk(source);
  return titles;
}

function rootOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text;
  return ts.isCallExpression(node) || ts.isPropertyAccessExpression(node) ? rootOf(node.expression) : '';
}

function cssComments(content: string): Passage[] {
  return [...content.matchAll(/\/\*[\s\S]*?\*\//g)].map(({ 0: comment, index }) => ({
    text: withoutMarks(comment),
    line: content.slice(0, index).split('\n').length,
  }));
}

function hashLines(content: string): Passage[] {
  return content.split('\n').flatMap((line, index) => {
    const [, text] = /^\s*#(?!!)\s?(.*)$/.exec(line) ?? [];
    return text === undefined ? [] : [{ text, line: index + 1 }];
  });
}

function withoutMarks(comment: string): string {
  const lines = comment.replace(/\s*\*\/$/, '').split('\n');
  return lines.map((line) => line.replace(/^\s*(\/\*+|\*|\/\/)?\s?/, '')).join('\n');
}

/** Comments of one line each, those on consecutive lines as one passage. */
function joined(lines: readonly Passage[]): Passage[] {
  const passages: { text: string; line: number; next: number }[] = [];
  for (const { text, line } of lines) {
    const last = passages.at(-1);
    if (last?.next === line) {
      last.text += `\n${text}`;
      last.next += 1;
    } else {
      passages.push({ text, line, next: line + 1 });
    }
  }
  return passages.map(({ text, line }) => ({ text, line }));
}
