import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** Returns the numbers of the lines, from 1, in which Biome finds a role with scripts/lint/roles.grit. */
function linesWithRoles(lines: readonly string[]): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'deskwire-roles-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const rules = { linter: { rules: { preset: 'none' } }, plugins: [join(root, 'scripts/lint/roles.grit')] };
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(rules));
  writeFileSync(join(folder, 'a.ts'), lines.join('\n'));
  const biome = join(root, 'node_modules/.bin/biome');
  const { stdout } = spawnSync(biome, ['lint', '--reporter=github', 'a.ts'], { cwd: folder, encoding: 'utf8' });
  return [...stdout.matchAll(/^::error .*\bline=(\d+)/gm)].map(([, line]) => Number(line)).sort((a, b) => a - b);
}

describe('the lint rule on roles', () => {
  it('finds names of roles in values, types and SQL, and lists of roles that are asked', () => {
    const lines = [
      "export const isAdmin = (user: User) => user.role === 'admin';",
      'export const isVendor = (user: User) => user.role === "vendor";',
      "export type Staff = 'agent' | 'other';",
      'export const mayOpen = (user: User) => OPENERS.has(user.role);',
      'export const mayClose = (user: User) => CLOSERS.includes(user.role);',
      "export const query = sql`select * from users where role = 'driver' and id = $" + '{id}`;',
    ];
    expect(linesWithRoles(lines)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('leaves other words, roles without a name, and lines that give a reason alone', () => {
    const lines = [
      "export const title = 'administrator';",
      'export const changed = (before: User, after: User) => before.role !== after.role;',
      'export const known = (users: Set<string>, user: User) => users.has(user.id);',
      'export const query = sql`select id from admin`;',
      '// biome-ignore lint/plugin/roles: a vendor is a thing that tickets point at.',
      "export const TYPES = ['station', 'vendor'];",
    ];
    expect(linesWithRoles(lines)).toEqual([]);
  });
});
