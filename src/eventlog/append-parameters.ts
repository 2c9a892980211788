/**
 * The parameters of the statement `deskwire.append`. Each list is one text with a separator that no value contains. One
 * text is bound, sent and split much faster than an array of many.
 */
import type { Append } from './event-log.ts';

/** An append with the data of its events as JSON. */
export interface PreparedAppend extends Append {
  readonly data: readonly string[];
}

/** Separates list entries. JSON never contains it, and `checkAppend` refuses names that do. */
const UNIT = '\u001f';

/** The reason why an append is invalid in itself; undefined if it is valid. */
export function checkAppend(append: Append): Error | undefined {
  if (append.events.length === 0) return new RangeError(`no events to append to ${append.stream}`);
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
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the separator and U+0000 are refused
  return /[\u0000\u001f]/.test(text);
}

/** The parameters of one statement that records all appends of `flush`. */
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
