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

test('[P-4.2] all that was missed comes behind joined, in order',
  async (t) => {
    const client = await connect(t, await open());
    const { epoch, offset } = await client.join('missed');
    for (const text of ['one', 'two', 'three']) await client.say('missed', text);
    const other = await connect(t, client.node);
    const joined = await other.join('missed', { since: { epoch, offset } });
    assert.equal(joined.recovered, true);
    for (const [i, text] of ['one', 'two', 'three'].entries()) {
      const message = await other.next('message');
      assert.deepEqual([message.text, message.offset], [text, offset + i + 1]);
    }
  });

test('[P-4.2] since a place that the log no longer holds: trimmed',
  async (t) => {
    const node = await openNode(t, { 'rooms.history-messages': 1 });
    const client = await connect(t, node);
    const { epoch, offset } = await client.join('trim');
    await client.say('trim', 'x');
    const ack = await client.say('trim', 'y');
    const other = await connect(t, client.node);
    const joined = await other.join('trim', { since: { epoch, offset } });
    assert.equal(joined.recovered, false);
    assert.equal(joined.reason, 'trimmed');
    assert.equal(joined.offset, ack.offset);
    await other.lives();
    assert.equal(other.all('message').length, 0);
  });

for (const since of [7, 'now', {}, { epoch: 1, offset: 1 }, { epoch: 'e' },
  { epoch: 'e', offset: -1 }, { epoch: 'e', offset: 1.5 }])
  test(`[P-3] since ${JSON.stringify(since)} is a bad_message`, async (t) => {
    const client = await connect(t, await open());
    const error = await client.refused('bad_message',
      { type: 'join_room', roomId: 'x', since });
    assert.match(error.message, /since/);
  });
