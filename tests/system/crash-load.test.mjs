// A room of 2,000 that crashes while 1,000 messages a second are said in it.
// Runs on the release node: time is measured.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

import { faultyNode } from './support/faulty.mjs';
import { test } from './support/test.mjs';

const wsload = process.env.GREENROOM_WSLOAD
  ?? fileURLToPath(new URL('../../build/release/wsload', import.meta.url));
const MEMBERS = 2_000;
const RATE = 1_000;
const SECONDS = 6;
const CRASHES = 5;
const PAUSE_MAX_US = 50_000;

test('a room that crashes under load loses nobody and nothing', async (t) => {
  const node = await faultyNode(t,
    [`room.publish::${CRASHES}:${RATE * SECONDS / (CRASHES + 1)}`],
    { 'limits.messages-per-second': 0,
      'net.loops': 1 });
  const { stdout } = await promisify(execFile)(wsload, ['fanout',
    '--url', node.url('/relay', 'room=crowd'), '--conns', `${MEMBERS}`,
    '--rate', `${RATE}`, '--size', '64', '--warmup', '0',
    '--duration', `${SECONDS}`, '--drain', '10'], { timeout: 120_000 });
  const { sent, received, p99_us: p99, ...counted } = JSON.parse(stdout);
  const restarts = [];
  for (let i = 1; i <= CRASHES; ++i)
    restarts.push(await node.event('actor.restarted',
      { kind: 'room', restarts: i }));
  const pauses = restarts.map(({ pause_us: us }) => us);
  t.diagnostic(`${sent} sent, ${received} received, p99 ${p99} us, pauses `
    + `${pauses} us`);
  assert.ok(sent > RATE * SECONDS * 0.9, `${sent} sent`);
  for (const wrong of ['lost', 'duplicated', 'reordered', 'closed_by_server'])
    assert.equal(counted[wrong], 0, wrong);
  assert.ok(Math.max(...pauses) <= PAUSE_MAX_US, `pauses of ${pauses} us`);
});
