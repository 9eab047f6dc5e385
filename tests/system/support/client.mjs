// A client of `/ws` or `/relay`: the unmodified `ws` package, with an inbox.

import assert from 'node:assert/strict';

import { decode, encode } from '@msgpack/msgpack';
import WebSocket from 'ws';

import { Inbox, SOON, within } from './wait.mjs';

export const JSON_V1 = 'greenroom.v1.json';
export const MSGPACK_V1 = 'greenroom.v1.msgpack';

// Maps may have keys of any type; JavaScript's objects have only strings.
const decoding = { mapKeyConverter: (key) => String(key) };

export class Client {
  #requests = 0;
  #raw = new WeakMap();

  constructor(node, { path = '/ws', query = '', protocol, ...options } = {}) {
    this.node = node;
    this.isMsgpack = protocol === MSGPACK_V1;
    this.inbox = new Inbox(() => node.process.tail());
    const search = new URLSearchParams(query).toString();
    const socket = new WebSocket(node.url(path, search), protocol,
      { perMessageDeflate: false, ...options });
    this.socket = socket;
    /** Resolves when upgraded; rejects with an error that has `status`. */
    this.opened = new Promise((resolve, reject) => {
      socket.on('open', () => resolve(this));
      socket.on('error', reject);
      socket.on('unexpected-response', (_, response) => {
        response.resume();
        const { statusCode: status, headers } = response;
        reject(Object.assign(new Error(`HTTP ${status}`), { status, headers }));
        socket.terminate();
      });
    });
    this.opened.catch(() => {}); // A test that cares awaits it.
    /** {code, reason} when the connection is gone. */
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.inbox.end(`closed with ${code} ${reason}`);
        resolve({ code, reason: reason.toString() });
      });
    });
    socket.on('message', (bytes, isBinary) => this.#received(bytes, isBinary));
  }

  #received(bytes, isBinary) {
    let item;
    if (new URL(this.socket.url).pathname === '/relay')
      item = { type: 'frame', isBinary, bytes };
    else if (isBinary !== this.isMsgpack)
      item = { type: '(wrong kind of frame)', isBinary, bytes };
    else
      item = isBinary ? decode(bytes, decoding) : JSON.parse(bytes);
    this.#raw.set(item, bytes);
    this.inbox.push(item);
  }

  /** The bytes that `message` came as. */
  raw(message) {
    return this.#raw.get(message);
  }

  /** Everything that came so far. */
  get received() {
    return this.inbox.items;
  }

  /** What came of this type so far. */
  all(type) {
    return this.inbox.items.filter((item) => item.type === type);
  }

  /** The first message not yet taken that matches: a type, fields or a test. */
  next(pattern, ms = SOON) {
    return this.inbox.take(pattern, ms);
  }

  send(message) {
    this.socket.send(
      this.isMsgpack ? encode(message) : JSON.stringify(message));
  }

  /** Sends one frame as it is: a string as text, bytes as binary. */
  sendFrame(bytes) {
    this.socket.send(bytes);
  }

  /** Sends with a fresh id and gives what answers that id. */
  async request(message, ms = SOON) {
    const id = message.id ?? `request-${++this.#requests}`;
    this.send({ id, ...message });
    return this.next((m) => m.id === id && m.type !== 'message', ms);
  }

  /** The same, for a request that must be refused with `code`. */
  async refused(code, message) {
    const answer = await this.request(message);
    assert.equal(answer.type, 'error', JSON.stringify(answer));
    assert.equal(answer.code, code, JSON.stringify(answer));
    assert.equal(typeof answer.message, 'string');
    return answer;
  }

  async join(roomId, fields = {}) {
    const answer = await this.request({ type: 'join_room', roomId, ...fields });
    assert.equal(answer.type, 'joined', JSON.stringify(answer));
    return answer;
  }

  /** Says something and waits until the room has accepted it. */
  async say(roomId, text, fields = {}) {
    const answer = await this.request(
      { type: 'message', roomId, text, ...fields });
    assert.equal(answer.type, 'ack', JSON.stringify(answer));
    return answer;
  }

  /** Proves that the connection is served. */
  async lives() {
    assert.equal((await this.request({ type: 'ping' })).type, 'pong');
  }

  /** Waits for the end and checks its code and, where given, its reason. */
  async closes(code, reason, ms = SOON) {
    const how = await within(ms, this.closed,
      () => `the connection stays open, wanted ${code}\n`
        + this.node.process.tail());
    assert.equal(how.code, code, `${JSON.stringify(how)}\n`
      + `${JSON.stringify(this.received.slice(-3))}`);
    if (reason !== undefined) assert.equal(how.reason, reason);
  }

  close() {
    this.socket.close(1000);
    return within(SOON, this.closed, 'the close is not answered');
  }
}

/** Dials and does not wait for anything. */
export function dial(t, node, options = {}) {
  const client = new Client(node, options);
  t.after(() => client.socket.terminate());
  return client;
}

/** Dials `/ws` and waits until the node has taken the client in. */
export async function connect(t, node, options = {}) {
  const client = dial(t, node, options);
  await client.opened;
  const { userId, connectionId } = await client.next('auth_success');
  return Object.assign(client, { userId, connectionId });
}

/** The options of a client that brings its token in the header. */
export function bearer(token) {
  return { headers: { Authorization: `Bearer ${token}` } };
}
