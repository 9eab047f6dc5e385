// A TCP client that sends what it is told: handshakes and frames by hand.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';

import { OP, close, parse } from './frames.mjs';
import { Inbox, SOON, within } from './wait.mjs';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export function acceptKey(key) {
  return createHash('sha1').update(key + GUID).digest('base64');
}

/** A valid upgrade request; a header set to null is left out. */
export function upgradeRequest(path, headers = {},
  line = `GET ${path} HTTP/1.1`) {
  const all = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== null)
    .flatMap(([name, value]) => [value].flat().map((v) => `${name}: ${v}`));
  return `${[line, ...lines].join('\r\n')}\r\n\r\n`;
}

export class RawClient {
  /** The server's frames; a close frame also carries `code` and `reason`. */
  frames = new Inbox(() => this.node?.process.tail() ?? '');
  #bytes = Buffer.alloc(0);
  #upgraded = false;
  #wake = () => {};

  constructor(port, node) {
    this.node = node;
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true,
      allowHalfOpen: true });
    this.connected = new Promise((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('error', reject);
    });
    this.connected.catch(() => {});
    /** 'end' when the server closed its side in order, else an error code. */
    this.ended = new Promise((resolve) => {
      this.socket.on('end', () => resolve('end'));
      this.socket.on('error', (error) => resolve(error.code));
      this.socket.on('close', () => resolve('close'));
    }).then((how) => {
      this.gone = how;
      this.#wake();
      this.frames.end(`TCP ended (${how})`);
      return how;
    });
    this.socket.on('data', (bytes) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      if (this.#upgraded) this.#parse();
      this.#wake();
    });
  }

  write(bytes) {
    this.socket.write(bytes);
  }

  /** Writes octet by octet, each in its own turn. */
  async dribble(bytes, piece = 1) {
    for (let at = 0; at < bytes.length; at += piece) {
      if (this.gone) return;
      this.socket.write(bytes.subarray(at, at + piece));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #parse() {
    for (;;) {
      let got;
      try {
        got = parse(this.#bytes);
      } catch (error) {
        this.frames.end(error.message);
        this.socket.destroy();
        return;
      }
      if (!got) return;
      this.#bytes = this.#bytes.subarray(got.size);
      const { opcode, fin, payload } = got;
      const item = { opcode, fin, payload: Buffer.from(payload) };
      if (opcode === OP.close && payload.length >= 2)
        Object.assign(item, { code: payload.readUInt16BE(0),
          reason: payload.subarray(2).toString() });
      this.frames.push(item);
    }
  }

  /** The next HTTP answer, with as much body as its Content-Length says. */
  async response(ms = SOON) {
    const read = async () => {
      for (;;) {
        const end = this.#bytes.indexOf('\r\n\r\n');
        if (end >= 0) {
          const head = this.#bytes.subarray(0, end).toString('latin1');
          const [line, ...fields] = head.split('\r\n');
          const headers = Object.fromEntries(fields.map((field) => {
            const colon = field.indexOf(':');
            return [field.slice(0, colon).toLowerCase(),
              field.slice(colon + 1).trim()];
          }));
          const length = Number(headers['content-length'] ?? 0);
          if (this.#bytes.length >= end + 4 + length) {
            const body = this.#bytes.subarray(end + 4, end + 4 + length);
            this.#bytes = this.#bytes.subarray(end + 4 + length);
            const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(line) ?? [];
            assert.ok(status, `no HTTP status line: ${line}`);
            return { status: Number(status), headers, body: body.toString() };
          }
        }
        if (this.gone) throw new Error(`TCP ended (${this.gone}) before an `
          + `HTTP answer; came: ${this.#bytes}`);
        await new Promise((resolve) => (this.#wake = resolve));
      }
    };
    return within(ms, read(), () => `an HTTP answer; came: ${this.#bytes}`);
  }

  /** Upgrades in order; what is sent afterwards is frames. */
  async upgrade(path, headers = {}) {
    const key = randomBytes(16).toString('base64');
    this.write(upgradeRequest(path, { 'Sec-WebSocket-Key': key, ...headers }));
    const answer = await this.response();
    assert.equal(answer.status, 101, JSON.stringify(answer));
    assert.equal(answer.headers['sec-websocket-accept'], acceptKey(key));
    this.readFrames();
    return answer;
  }

  /** From here on what comes is frames. */
  readFrames() {
    this.#upgraded = true;
    this.#parse();
  }

  next(pattern, ms = SOON) {
    return this.frames.take(pattern, ms);
  }

  /**
   * The server ends the connection with `code`: a close frame, and then, once
   * it is answered, the end of TCP and no reset.
   */
  async closes(code, ms = SOON) {
    const last = await this.next({ opcode: OP.close }, ms);
    assert.equal(last.code, code, `closed with ${last.code} ${last.reason}`);
    this.write(close(code));
    await this.endsInOrder(ms);
    assert.equal(this.frames.items.at(-1), last,
      'something came behind the close frame');
    return last;
  }

  async endsInOrder(ms = SOON) {
    const how = await within(ms, this.ended, 'TCP stays open');
    assert.equal(how, 'end', 'TCP was cut and not closed');
  }
}

/** Opens a TCP connection to the node and sends nothing. */
export async function dialRaw(t, node) {
  const client = new RawClient(node.port, node);
  t.after(() => client.socket.destroy());
  await client.connected;
  return client;
}

/** A raw client that is upgraded on `path`. */
export async function connectRaw(t, node, path, headers) {
  const client = await dialRaw(t, node);
  await client.upgrade(path, headers);
  return client;
}
