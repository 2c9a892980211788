/** Test the decoder of packets: what it reads, refuses, drops and never keeps. Decision 0051. */
import { describe, expect, it } from 'vitest';
import { createPacketParser, UnreadPayload } from '../../../src/gateway/connection/packet-parser.ts';

const LIMITS = { payload: 1_000, handshake: 500, depth: 10 };
const { Encoder, Decoder } = createPacketParser(new Set(['/', '/notifications']), LIMITS);

interface Packet {
  readonly type: number;
  readonly nsp: string;
  readonly id?: number;
  readonly data?: unknown;
}

function decoder() {
  const decoded: Packet[] = [];
  const one = new Decoder();
  one.on('decoded', (packet: Packet) => decoded.push(packet));
  return { one, decoded, add: (...frames: unknown[]) => frames.forEach((frame) => void one.add(frame)) };
}

function decode(frame: string): Packet | undefined {
  const { decoded, add } = decoder();
  add(frame);
  return decoded[0];
}

const nested = (levels: number, within: (inner: string) => string) =>
  within(`${'['.repeat(levels)}${']'.repeat(levels)}`);

describe('a packet', () => {
  it.each([
    ['0', { type: 0, nsp: '/' }],
    ['0{"token":"t"}', { type: 0, nsp: '/', data: { token: 't' } }],
    ['0/notifications,{"lastSeq":2}', { type: 0, nsp: '/notifications', data: { lastSeq: 2 } }],
    ['1/notifications,', { type: 1, nsp: '/notifications' }],
    ['2["join",{"a":1}]', { type: 2, nsp: '/', data: ['join', { a: 1 }] }],
    ['2/notifications,17["join"]', { type: 2, nsp: '/notifications', id: 17, data: ['join'] }],
    ['20[7]', { type: 2, nsp: '/', id: 0, data: [7] }],
  ])('%s is read', (frame, packet) => {
    expect(decode(frame)).toEqual(packet);
  });

  it('is written as Socket.IO writes it', () => {
    const { encode } = new Encoder();
    expect(encode({ type: 2, nsp: '/', data: ['a', 1] })).toEqual(['2["a",1]']);
    expect(encode({ type: 3, nsp: '/support', id: 0, data: [] })).toEqual(['3/support,0[]']);
    expect(encode({ type: 1, nsp: '/support' })).toEqual(['1/support,']);
  });

  it.each(['', 'x', '7["a"]', '21-["a"]', '5["a",{}]', '51234567-["a"]', '01-{}'])(
    '%j is none, and ends the connection',
    (frame) => {
      expect(() => decoder().add(frame)).toThrow();
    },
  );

  it('that acknowledges, or reports an error, is dropped: the server asks for no acks', () => {
    for (const frame of ['31["a"]', '4{"message":"x"}', '60-1["a"]']) expect(decode(frame)).toBeUndefined();
  });
});

describe('a payload', () => {
  const reasonOf = (frame: string) => {
    const { data } = decode(frame) ?? {};
    const [name, unread] = data as [unknown, UnreadPayload];
    expect(unread).toBeInstanceOf(UnreadPayload);
    return [name, unread.reason];
  };

  it.each([
    ['that is too long', `2["join","${'x'.repeat(1_000)}"]`, ['join', 'too_large']],
    ['that is nested too deeply', nested(10, (inner) => `2["join",${inner}]`), ['join', 'too_deep']],
    ['that is no JSON', '2["join",{]', ['join', 'malformed']],
    ['that is no list', '2{"join":1}', [undefined, 'malformed']],
    ['that is an empty list', '2[]', [undefined, 'malformed']],
    ['that is missing', '2', [undefined, 'malformed']],
    ['whose name is too long to be read', `2["${'x'.repeat(1_000)}"]`, [undefined, 'too_large']],
  ])('%s is not read', (_what, frame, expected) => {
    expect(reasonOf(frame)).toEqual(expected);
  });

  it('may have brackets in its texts', () => {
    const text = '[{'.repeat(50);
    expect(decode(`2["join","${text}\\"${text}"]`)?.data).toEqual(['join', `${text}"${text}`]);
  });

  it('has no number that a double does not hold', () => {
    for (const number of ['1.0000000000000000001', '9007199254740993', '1e400', '-1e400']) {
      expect(decode(`2["join",{"a":${number},"b":"${number}"}]`)?.data).toEqual([
        'join',
        { a: Number.POSITIVE_INFINITY, b: number },
      ]);
    }
  });
});

describe('the auth of a handshake', () => {
  it.each([
    ['a list', '0[1]', 'no_object'],
    ['a text', '0"token"', 'no_object'],
    ['a number', '07', 'no_object'],
    ['null', '0/notifications,null', 'no_object'],
    ['no JSON', '0{"token"', 'malformed'],
    ['nested too deeply', nested(10, (inner) => `0{"a":${inner}}`), 'too_deep'],
    ['too long', `0{"a":"${'x'.repeat(500)}"}`, 'too_large'],
  ])('that is %s is not read, and the packet stays one of its namespace', (_what, frame, reason) => {
    const { type, data } = decode(frame) as Packet;
    expect([type, data]).toEqual([0, new UnreadPayload(reason as UnreadPayload['reason'])]);
  });
});

describe('binary data', () => {
  it.each([
    ['51-["join",{"ticketId":{"_placeholder":true,"num":0}}]', 'ticketId'],
    ['51-["join",{"a":[{"b":{"_placeholder":true,"num":0}}]}]', 'a.0.b'],
    ['51-["join",{"_placeholder":true,"num":0}]', ''],
    ['51-["join",{"\\u0007":{"_placeholder":true,"num":0}}]', ''],
    ['50-["join",{"a":1}]', ''],
  ])('in %s is refused, naming the field', (frame, field) => {
    expect(decode(frame)?.data).toEqual(['join', new UnreadPayload('binary', field)]);
  });

  it('is dropped as it arrives, however much of it was announced, and the next packet is read', () => {
    const { decoded, add } = decoder();
    add('512-["join",{"a":{"_placeholder":true,"num":0}}]');
    expect(decoded).toHaveLength(1);
    for (let at = 0; at < 12; at += 1) add(Buffer.alloc(10));
    add('2["leave"]');
    expect(decoded).toHaveLength(2);
  });

  it('that nobody announced, and a packet before the last attachment, end the connection', () => {
    expect(() => decoder().add(Buffer.alloc(1))).toThrow();
    const { add } = decoder();
    add('51-["join",{}]');
    expect(() => add('2["leave"]')).toThrow();
  });

  it('in an unfinished packet is not kept', () => {
    const { add } = decoder();
    add('5999999-["join",{"a":{"_placeholder":true,"num":0}}]');
    for (let at = 0; at < 400; at += 1) add(Buffer.alloc(1_000_000));
    // The garbage collector frees them as they come. It could not if they were kept.
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(250_000_000);
  });
});

describe('a namespace', () => {
  it('that the server has ended gets no packets until it is connected again', () => {
    const { one, decoded, add } = decoder();
    add('0', '0/notifications,');
    one.ended('/notifications');
    add('2/notifications,["late"]', '1/notifications,', '2["chat"]', '0/notifications,', '2/notifications,["again"]');
    expect(decoded.slice(2).map(({ nsp, data }) => [nsp, data])).toEqual([
      ['/', ['chat']],
      ['/notifications', undefined],
      ['/notifications', ['again']],
    ]);
  });

  it('is connected once, until it ends', () => {
    const { one, decoded, add } = decoder();
    add('0', '0', '0');
    expect(decoded).toHaveLength(1);
    one.ended('/');
    add('0', '1', '0');
    expect(decoded.map(({ type }) => type)).toEqual([0, 0, 1, 0]);
  });
});
