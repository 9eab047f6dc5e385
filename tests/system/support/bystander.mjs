// Two well-behaved clients whose talk must go on whatever others do.

import assert from 'node:assert/strict';

import { connect } from './client.mjs';
import { SOON } from './wait.mjs';

let rooms = 0;

export class Bystanders {
  #said = 0;
  /** The longest that a message took, in milliseconds. */
  slowest = 0;

  async meet(t, node) {
    this.room = `bystanders-${++rooms}`;
    this.ada = await connect(t, node);
    this.bob = await connect(t, node);
    await this.ada.join(this.room);
    await this.bob.join(this.room);
    this.node = node;
    this.atRest = node.rss();
    return this;
  }

  /** One message goes through, in time. */
  async talk(deadline = SOON / 2) {
    const text = `message ${++this.#said}`;
    const began = Date.now();
    const message = this.bob.next('message', deadline);
    await Promise.all([this.ada.say(this.room, text), message]);
    assert.equal((await message).text, text, 'a message was lost');
    this.slowest = Math.max(this.slowest, Date.now() - began);
  }

  /** Talks until `work` is done, and once more. */
  async talkWhile(work) {
    let done = false;
    const end = work.finally(() => (done = true));
    end.catch(() => {}); // Awaited below.
    while (!done) {
      await this.talk();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.talk();
    return end;
  }

  /** The node has not grown by more than `mebibytes` since they met. */
  staysSmall(mebibytes) {
    const grown = (this.node.rss() - this.atRest) / 2 ** 20
      / (this.node.isSanitized ? 4 : 1);
    assert.ok(grown < mebibytes, `the node grew by ${grown.toFixed(1)} MiB`);
  }
}

export function bystanders(t, node) {
  return new Bystanders().meet(t, node);
}

/** Repeatable random bytes: a failed run is run again by its seed. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => { // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  };
  return {
    below: (limit) => next() % limit,
    bytes: (length) => Buffer.from(Array.from({ length }, () => next() & 255)),
    pick: (list) => list[next() % list.length],
  };
}

/** The seed of this run: GREENROOM_TEST_SEED, or a new one. */
export const SEED = Number(process.env.GREENROOM_TEST_SEED
  ?? Math.floor(Math.random() * 2 ** 32));
