/**
 * An append as the statement `deskwire.append` takes it: lists of texts with a separator that no value holds, because one
 * text is bound, sent and taken apart much faster than an array of many.
 */
import type { Append } from './event-log.ts';

/** With its events' data as JSON. */
export interface PreparedAppend extends Append {
  readonly data: readonly string[];
}

/** Separates list entries; JSON text never holds it, and names that do are refused. */
const UNIT = '\u001f';

/** Why an append cannot be recorded, whatever the log holds. */
export function checkAppend(append: Append): Error | undefined {
  if (append.events.length === 0) return new RangeError(`nothing to append to ${append.stream}`);
  let previous: string | undefined;
  const commandIds = new Set<string>();
  if (hasControl(append.stream)) return new RangeError('control character in the name of a stream');
  for (const { id, type, metadata } of append.events) {
    const { commandId } = metadata;
    if (commandId !== previous && commandIds.has(commandId)) {
      return new RangeError(`command ${commandId} comes twice in one append`);
    }
    if (commandId === '' || hasControl(commandId))
      return new RangeError('command id is empty or holds a control character');
    if (hasControl(id) || hasControl(type)) return new RangeError('control character in the id or type of an event');
    commandIds.add(commandId);
    previous = commandId;
  }
  return undefined;
}

function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the separator and U+0000 are what must not come through
  return /[\u0000\u001f]/.test(text);
}

/** The parameters of the statement for these appends. */
export function parametersOf(flush: readonly PreparedAppend[]): (string | number)[] {
  const appends: number[] = [];
  const streams: string[] = [];
  const versions: number[] = [];
  const expectedVersions: (number | '')[] = [];
  const ids: string[] = [];
  const types: string[] = [];
  const data: string[] = [];
  const metadata: string[] = [];
  const commandIds: string[] = [];
  for (const [index, append] of flush.entries()) {
    let version = append.expectedVersion;
    let previous: string | undefined;
    for (const [at, event] of append.events.entries()) {
      appends.push(index);
      streams.push(append.stream);
      expectedVersions.push(version === append.expectedVersion ? version : '');
      version += 1;
      versions.push(version);
      ids.push(event.id);
      types.push(event.type);
      data.push(append.data[at] ?? '');
      metadata.push(JSON.stringify(event.metadata));
      commandIds.push(event.metadata.commandId === previous ? '' : event.metadata.commandId);
      previous = event.metadata.commandId;
    }
  }
  return [
    ...[appends, streams, versions, expectedVersions, ids, types, data, metadata, commandIds].map((list) =>
      list.join(UNIT),
    ),
    appends.length,
  ];
}
