/** `deskwire texts …`: the texts of notifications, as this configuration words them. */
import type { Command } from 'commander';
import type { NotificationKey } from '../../domain/notification/wording.ts';
import { readTextsFolder } from '../../texts/folder.ts';
import { samples } from '../../texts/samples.ts';
import { createTexts, type Texts } from '../../texts/texts.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { table } from '../output.ts';
import type { Action } from '../run.ts';
import type { Surroundings } from '../surroundings.ts';

interface Chosen {
  readonly language?: string;
}

const KEYS = Object.keys(samples) as NotificationKey[];

export function textCommands(program: Command, action: Action): void {
  const texts = program.command('texts').description('the texts of notifications, in all languages');
  texts
    .command('preview')
    .description('check the texts of TEXTS_DIR, and show every text with sample names')
    .argument('[key]', `one of ${KEYS.join(', ')}; all without it`)
    .option('--language <tag>', 'one language, such as ar; all without it')
    .action(action((on, key: string | undefined, chosen: Chosen) => preview(on, key, chosen)));
}

async function preview(on: Surroundings, key: string | undefined, { language }: Chosen): Promise<void> {
  const folder = on.config().TEXTS_DIR;
  const texts = createTexts(folder === undefined ? {} : await readTextsFolder(folder));
  const keys = key === undefined ? KEYS : KEYS.filter((one) => one === key);
  if (keys.length === 0) throw new CommandError(EXIT.usage, `there is no text ${key}; there are ${KEYS.join(', ')}.`);
  const languages = language === undefined ? texts.languages : texts.languages.filter((tag) => tag === language);
  if (languages.length === 0) {
    throw new CommandError(EXIT.usage, `there is no language ${language}; there are ${texts.languages.join(', ')}.`);
  }
  const shown = languages.flatMap((tag) => keys.flatMap((one) => forms(texts, one, tag)));
  const rows = shown.map(({ language: tag, key: of, title, message }) => [tag, of, title, withoutIsolates(message)]);
  on.output.result(shown, table(['LANGUAGE', 'KEY', 'TITLE', 'MESSAGE'], rows));
}

/** A terminal would show them as escapes. */
function withoutIsolates(text: string): string {
  return text.replace(/[\u2068\u2069]/g, '');
}

function forms(texts: Texts, key: NotificationKey, language: string) {
  return samples[key].map((params) => ({ language, key, params, ...texts.notification(key, params, language) }));
}
