/** A websocket by hand, for frames that no library sends: messages that never end, or in a thousand pieces. */
import { once } from 'node:events';
import { connect } from 'node:net';

export interface RawWebsocket extends Disposable {
  /** The texts received, in order. */
  readonly texts: readonly string[];
  /** The code of the server's close frame; 1006 when the connection ended without one; undefined while it is open. */
  readonly closed: number | undefined;
  /** Sends one frame. `last: false`: more of the message follows. Opcodes: 0 continuation, 1 text, 2 binary. */
  send(payload: string | Buffer, frame?: { readonly opcode?: 0 | 1 | 2; readonly last?: boolean }): void;
}

interface RawOptions {
  readonly path?: string;
  readonly localAddress?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const ENGINE_IO = '/socket.io/?EIO=4&transport=websocket';

/** Rejects when the server refuses the upgrade. */
export async function openWebsocket(url: string, options: RawOptions = {}): Promise<RawWebsocket> {
  const { path = ENGINE_IO, localAddress, headers = {} } = options;
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ...(localAddress !== undefined && { localAddress }) });
  const lines = Object.entries({
    host: hostname,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const texts: string[] = [];
  let received = Buffer.alloc(0);
  let closed: number | undefined;
  const [head] = (await once(socket, 'data')) as [Buffer];
  const end = head.indexOf('\r\n\r\n');
  if (!head.toString('latin1').startsWith('HTTP/1.1 101')) {
    socket.destroy();
    throw new Error(`refused: ${head.toString('latin1', 0, end)}`);
  }
  function receive(chunk: Buffer): void {
    received = Buffer.concat([received, chunk]);
    for (let frame = readFrame(received); frame !== undefined; frame = readFrame(received)) {
      received = received.subarray(frame.size);
      if (frame.opcode === CLOSE) closed ??= frame.payload.length >= 2 ? frame.payload.readUInt16BE() : 1005;
      else texts.push(frame.payload.toString());
    }
  }
  socket.on('data', receive);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed ??= 1006;
  });
  receive(head.subarray(end + 4));
  return {
    texts,
    get closed() {
      return closed;
    },
    send(payload, { opcode = 1, last = true } = {}) {
      socket.write(frameOf(Buffer.from(payload), opcode, last));
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

const CLOSE = 8;
const MASKED = 0x80;

/** A client's frames are masked. The mask of zeros leaves the payload as it is. */
export function frameOf(payload: Buffer, opcode: number, last: boolean): Buffer {
  const first = (last ? 0x80 : 0) | opcode;
  const mask = Buffer.alloc(4);
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([first, MASKED | length]), mask, payload]);
  const long = length > 0xffff;
  const size = Buffer.alloc(long ? 8 : 2);
  if (long) size.writeBigUInt64BE(BigInt(length));
  else size.writeUInt16BE(length);
  return Buffer.concat([Buffer.from([first, MASKED | (long ? 127 : 126)]), size, mask, payload]);
}

/** The first frame of a server's bytes, if it is complete. A server does not mask. */
function readFrame(bytes: Buffer): { opcode: number; payload: Buffer; size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes.readUInt8(1) & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (bytes.length < 2 + extra) return undefined;
  const length = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const size = 2 + extra + length;
  if (bytes.length < size) return undefined;
  return { opcode: bytes.readUInt8(0) & 0x0f, payload: bytes.subarray(2 + extra, size), size };
}
