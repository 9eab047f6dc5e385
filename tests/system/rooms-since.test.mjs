// [P-4.2] Coming back to a room: all that was missed, or plainly not.

import assert from 'node:assert/strict';

import { connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { shared, test } from './support/test.mjs';

const open = shared(openNode);

test('[P-4.2] since the present position everything is recovered',
  async (t) => {
    const client = await connect(t, await open());
    await client.join('since');
    const { epoch, offset } = await client.say('since', 'x');
    const other = await connect(t, client.node);
    const joined = await other.join('since', { since: { epoch, offset } });
    assert.equal(joined.recovered, true);
    assert.equal(joined.offset, offset);
  });

test('[P-4.2] since another life of the log nothing is recovered',
  async (t) => {
    const client = await connect(t, await open());
    const { epoch, offset } = await client.join('lives');
    const other = await connect(t, client.node);
    const joined = await other.join('lives',
      { since: { epoch: `${epoch}x`, offset } });
    assert.equal(joined.recovered, false);
    assert.equal(joined.reason, 'epoch');
    assert.equal(joined.epoch, epoch);
  });

test('[P-4.2] since a place that the log no longer holds: trimmed',
  async (t) => {
    const client = await connect(t, await open());
    const { epoch, offset } = await client.join('trim');
    const ack = await client.say('trim', 'x');
    const other = await connect(t, client.node);
    const joined = await other.join('trim', { since: { epoch, offset } });
    // Whole or not at all: a node that keeps no log may only say "trimmed".
    assert.equal(joined.recovered, false);
    assert.equal(joined.reason, 'trimmed');
    assert.equal(joined.offset, ack.offset);
  });

for (const since of [7, 'now', {}, { epoch: 1, offset: 1 }, { epoch: 'e' },
  { epoch: 'e', offset: -1 }, { epoch: 'e', offset: 1.5 }])
  test(`[P-3] since ${JSON.stringify(since)} is a bad_message`, async (t) => {
    const client = await connect(t, await open());
    const error = await client.refused('bad_message',
      { type: 'join_room', roomId: 'x', since });
    assert.match(error.message, /since/);
  });
