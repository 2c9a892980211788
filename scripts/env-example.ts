/** `npm run env-example`: writes `.env.example` from the schema of the configuration. A test keeps the two together. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { settingFacts, settingNames } from '../src/runtime/config-schema.ts';

export const envExampleFile = join(import.meta.dirname, '..', '.env.example');

export function envExample(): string {
  const lines = [
    '# Everything that can be set, with its default. Nothing has to be: copy the lines that you change into the',
    '# environment, or into a file .env for `node --env-file=.env src/main.ts`. Each name also works with the prefix',
    '# DESKWIRE_, which wins.',
  ];
  for (const name of settingNames) {
    const { description, default: preset, enum: choices, examples } = settingFacts(name);
    const value = preset === undefined ? '' : Array.isArray(preset) ? preset.join(',') : String(preset);
    lines.push('', `# ${description}`);
    if (choices) lines.push(`# One of: ${choices.join(', ')}.`);
    if (examples) lines.push(`# Example: ${examples}`);
    lines.push(`#${name}=${value}`);
  }
  return `${lines.join('\n')}\n`;
}

if (import.meta.main) writeFileSync(envExampleFile, envExample());
