/**
 * `npm run comment-width`: lines of comments end at 120 columns, as those of code do. Biome wraps code, and leaves
 * comments as they are. A line with a URL may be longer: a URL cannot be divided.
 */
import { type Files, type Finding, report, trackedFiles } from './findings.ts';
import { commentsOf } from './passages.ts';

const columns = 120;

/** Returns the lines of comments that are too long, in the order of files and lines. */
export function wideComments(files: Files): Finding[] {
  return [...files].flatMap(([file, content]) => {
    const lines = content.split('\n');
    const commented = new Set(
      commentsOf(file, content).flatMap(({ text, line }) => text.split('\n').map((_, i) => line + i)),
    );
    return [...commented]
      .sort((a, b) => a - b)
      .flatMap((line) => {
        const text = lines[line - 1] ?? '';
        const width = [...text].length;
        if (width <= columns || text.includes('://')) return [];
        return [{ file, line, problem: `the comment ends at column ${width}, and may end at ${columns}` }];
      });
  });
}

if (import.meta.main) report('comment-width', wideComments(trackedFiles()));
