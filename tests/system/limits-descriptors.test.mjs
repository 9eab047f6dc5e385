// [P-7] Out of file descriptors: the limit that the operating system keeps.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

import { bystanders } from './support/bystander.mjs';
import { connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { dialRaw, upgradeRequest } from './support/raw.mjs';
import { test } from './support/test.mjs';

const REASON = 'Too many open files';

/** Sets what `ulimit -n` says, of a node that runs. */
function allowDescriptors(node, count) {
  execFileSync('prlimit', [`--pid=${node.pid}`, `--nofile=${count}:`]);
}

/**
 * Lets the node open no descriptor more. Where there are numbers free below the
 * highest one in use, clients take them first.
 */
async function allowNoMore(t, node) {
  const used = readdirSync(`/proc/${node.pid}/fd`).map(Number);
  const count = Math.max(...used) + 1;
  for (let free = count - used.length; free > 0; --free) await connect(t, node);
  allowDescriptors(node, count);
}

/** One who asks to be let in, and is not waited for. */
async function newcomer(t, node) {
  const client = await dialRaw(t, node);
  client.write(upgradeRequest('/ws'));
  return client;
}

test('[P-7] out of file descriptors newcomers wait, and the others talk on',
  async (t) => {
    // One loop, so that newcomers are taken in the order in which they come.
    const node = await openNode(t, { 'net.loops': 1 });
    const others = await bystanders(t, node);
    const leaver = await connect(t, node);
    await allowNoMore(t, node);
    const [first, second] = [await newcomer(t, node), await newcomer(t, node)];
    const failed = [];
    await others.talkWhile((async () => {
      while (failed.length < 5)
        failed.push(await node.event('accept.failed', { reason: REASON }));
    })());
    assert.equal(first.socket.bytesRead, 0);

    // It pauses between its attempts, and does not spin.
    const took = Date.parse(failed.at(-1).ts) - Date.parse(failed[0].ts);
    assert.ok(took > 300, `4 further attempts within ${took} ms`);

    // One place for one of them.
    await leaver.close();
    assert.equal((await first.response()).status, 101);
    await node.event('accept.failed', { reason: REASON });
    await others.talk();
    assert.equal(second.socket.bytesRead, 0);

    allowDescriptors(node, 1024);
    assert.equal((await second.response()).status, 101);
    await (await connect(t, node)).lives();
    await others.talk();
  });

test('[P-7] a node that is out of file descriptors stops in order',
  async (t) => {
    const node = await openNode(t);
    const client = await connect(t, node);
    await allowNoMore(t, node);
    await newcomer(t, node);
    await node.event('accept.failed', { reason: REASON });
    node.signal('SIGTERM');
    await client.closes(1001);
    assert.deepEqual(await node.exit(), { code: 0, signal: null });
  });
