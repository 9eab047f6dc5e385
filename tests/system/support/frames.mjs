// RFC 6455 frames made by hand, legal and illegal, and a strict reader of what
// a server sends.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';

export const OP = {
  continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10,
};

/**
 * One frame. `lengthForm` is 7, 16 or 64 bits (default: the shortest that
 * fits); `announced` is a length that differs from the payload's.
 */
export function frame(opcode, payload = '', {
  fin = true, rsv = 0, masked = true, lengthForm, announced,
  mask = randomBytes(4),
} = {}) {
  const body = Buffer.from(payload);
  const length = announced ?? body.length;
  const form = lengthForm ?? (length < 126 ? 7 : length < 65_536 ? 16 : 64);
  const head = Buffer.alloc(2 + (form === 7 ? 0 : form / 8));
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (form === 7 ? Number(length)
    : form === 16 ? 126 : 127);
  if (form === 16) head.writeUInt16BE(Number(length), 2);
  if (form === 64) head.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([head, body]);
  const hidden = body.map((byte, i) => byte ^ mask[i % 4]);
  return Buffer.concat([head, mask, hidden]);
}

export const text = (payload, options) => frame(OP.text, payload, options);
export const binary = (payload, options) => frame(OP.binary, payload, options);
export const ping = (payload, options) => frame(OP.ping, payload, options);
export const more = (payload, options) =>
  frame(OP.continuation, payload, options);

/** The first fragment of a message that `more` goes on with. */
export const begin = (opcode, payload, options) =>
  frame(opcode, payload, { fin: false, ...options });

/** A close frame; without a code, one without a payload. */
export function close(code, reason = '', options = {}) {
  if (code === undefined) return frame(OP.close, '', options);
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return frame(OP.close, Buffer.concat([payload, Buffer.from(reason)]),
    options);
}

/**
 * Reads one frame off the front of `bytes`, or null when it is not all there.
 * Anything that a server must not send fails the test.
 */
export function parse(bytes) {
  if (bytes.length < 2) return null;
  const fin = (bytes[0] & 0x80) !== 0;
  const opcode = bytes[0] & 0x0f;
  assert.equal(bytes[0] & 0x70, 0, 'the server set a reserved bit');
  assert.ok(Object.values(OP).includes(opcode), `opcode ${opcode} came`);
  assert.equal(bytes[1] & 0x80, 0, 'the server masked a frame');
  let length = bytes[1] & 0x7f;
  let at = 2;
  if (length === 126) {
    if (bytes.length < 4) return null;
    length = bytes.readUInt16BE(2);
    assert.ok(length > 125, 'a length is not in its shortest form');
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return null;
    length = Number(bytes.readBigUInt64BE(2));
    assert.ok(length > 65_535, 'a length is not in its shortest form');
    at = 10;
  }
  if (opcode >= 8) {
    assert.ok(fin, 'the server fragmented a control frame');
    assert.ok(length <= 125, 'the server sent a long control frame');
  }
  if (bytes.length < at + length) return null;
  const payload = bytes.subarray(at, at + length);
  return { opcode, fin, payload, size: at + length };
}
