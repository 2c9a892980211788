/** The payloads on NATS: JSON in UTF-8. */
import type { RecordedEvent } from '../domain/event.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

export function decodeJson(payload: Uint8Array): unknown {
  return JSON.parse(decoder.decode(payload));
}

export function parseEvent(payload: Uint8Array): RecordedEvent {
  return decodeJson(payload) as RecordedEvent;
}
