// [P-7] One in a hundred of a large room stops reading. Runs on the release
// node: memory is measured, and sanitizers keep what was freed.

import assert from 'node:assert/strict';
import net from 'node:net';

import { connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { upgradeRequest } from './support/raw.mjs';
import { test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const MEMBERS = 9_900;
const EVERY = 100; // Which of them stop.
const ROUNDS = 40;
const PAUSE_MS = 250; // Between two messages: ten seconds in all.
const BODY = 'x'.repeat(400);
const MARK = Buffer.from('"text":"');

/** A member that counts the messages in what it is sent. */
class Member {
  messages = 0;
  #rest = Buffer.alloc(0);

  constructor(port) {
    this.socket = net.connect({ port, host: '127.0.0.1' });
    this.socket.on('data', (bytes) => this.#count(bytes));
    this.socket.on('error', () => { this.gone = true; });
    this.socket.on('close', () => { this.gone = true; });
    this.socket.write(upgradeRequest('/ws?room=crowd'));
  }

  #count(bytes) {
    const all = Buffer.concat([this.#rest, bytes]);
    let at = 0;
    for (let next; (next = all.indexOf(MARK, at)) >= 0; at = next + MARK.length)
      ++this.messages;
    this.#rest = all.subarray(Math.max(at, all.length - MARK.length + 1));
    this.bytes = (this.bytes ?? 0) + bytes.length;
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test('[P-7] 99 in 10,000 stop for ten seconds: nobody notices, nothing is lost',
  async (t) => {
    const node = await openNode(t, {
      'net.connections': 20_000, 'rooms.presence-interval': '1s',
      'rooms.slow': 'gap',
    });
    const members = [];
    t.after(() => members.forEach(({ socket }) => socket.destroy()));
    // By the hundred, so that no SYN is dropped.
    while (members.length < MEMBERS) {
      for (let i = 0; i < 100; ++i) members.push(new Member(node.port));
      await eventually('they are in', () => members.every(({ bytes }) => bytes));
    }
    const talker = await connect(t, node);
    await talker.join('crowd');
    const slow = members.filter((_, i) => i % EVERY === 0);
    const quick = members.filter((_, i) => i % EVERY !== 0);
    // Everything warm: what the room keeps, and buffers that a first message
    // makes.
    for (let i = 0; i < 5; ++i) await talker.say('crowd', BODY);
    await eventually('all have them',
      () => members.every(({ messages }) => messages === 5), 60_000);
    const before = node.rss();
    for (const { socket } of slow) socket.pause();
    let worst = 0;
    for (let i = 0; i < ROUNDS; ++i) {
      const begun = performance.now();
      await talker.say('crowd', BODY);
      await eventually('the others have it',
        () => quick.every(({ messages }) => messages === 6 + i), 60_000);
      worst = Math.max(worst, performance.now() - begun);
      await sleep(Math.max(0, PAUSE_MS - (performance.now() - begun)));
    }
    const after = node.rss();
    t.diagnostic(`memory ${(before / 1e6).toFixed(1)} MB, then `
      + `${(after / 1e6).toFixed(1)} MB; slowest round ${worst.toFixed(0)} ms`);
    assert.ok(after < before * 1.05, `${before} to ${after}`);
    for (const { socket } of slow) socket.resume();
    await eventually('the slow ones have all',
      () => slow.every(({ messages }) => messages === 5 + ROUNDS), 60_000);
    assert.equal(members.filter(({ gone }) => gone).length, 0);
  });
