// [P-3.18] A client that was lost goes on with all it had.

import assert from 'node:assert/strict';

import { MSGPACK_V1, connect } from './support/client.mjs';
import { openNode } from './support/node.mjs';
import { shared, test } from './support/test.mjs';
import { eventually } from './support/wait.mjs';

const open = shared(openNode);

/** What a client has to remember to resume. */
function memory(client) {
  const rooms = {};
  for (const { type, roomId, epoch, offset } of client.received) {
    if (type === 'joined') rooms[roomId] = { epoch, offset };
    if (type === 'message' && offset) rooms[roomId].offset = offset;
  }
  const { session } = client.all('auth_success')[0];
  return { session, rooms };
}

for (const protocol of [undefined, MSGPACK_V1])
  test(`[P-3.18] resume brings all that was missed (${protocol ?? 'json'})`,
    async (t) => {
      const node = await open();
      const lost = await connect(t, node, { protocol });
      const other = await connect(t, node);
      for (const room of ['r1', 'r2', 'r3']) {
        await lost.join(`${room}${protocol}`);
        await other.join(`${room}${protocol}`);
      }
      await other.say(`r1${protocol}`, 'heard');
      await lost.next('message');
      const known = memory(lost);
      lost.socket.terminate();
      await other.say(`r1${protocol}`, 'missed 1');
      await other.say(`r2${protocol}`, 'missed 2');
      const back = await connect(t, node, { protocol });
      const resumed = await back.request({ type: 'resume', ...known });
      assert.equal(resumed.type, 'resumed', JSON.stringify(resumed));
      assert.equal(resumed.connectionId, lost.connectionId);
      assert.equal(resumed.session, known.session);
      assert.equal(resumed.rooms.length, 3);
      assert.ok(resumed.rooms.every((room) => room.recovered));
      const texts = [(await back.next('message')).text,
        (await back.next('message')).text].sort();
      assert.deepEqual(texts, ['missed 1', 'missed 2']);
      await other.say(`r3${protocol}`, 'live');
      assert.equal((await back.next('message')).text, 'live');
      // Nobody saw it go or come.
      assert.equal(other.all('presence')
        .filter(({ left }) => left?.length).length, 0);
    });

test('[P-5.2] the connection whose session goes on elsewhere: 4009',
  async (t) => {
    const first = await connect(t, await open());
    await first.join('moved');
    const second = await connect(t, first.node);
    await second.request({ type: 'resume', ...memory(first) });
    await first.closes(4009);
  });

test('[P-3.4] a message is delivered once, whatever its client had to repeat',
  async (t) => {
    const node = await open();
    const reader = await connect(t, node);
    const { epoch } = await reader.join('repeat');
    let client = await connect(t, node);
    await client.join('repeat');
    const { session } = client.all('auth_success')[0];
    for (let i = 1; i <= 10; ++i) {
      // It does not wait for the ack.
      client.send({ type: 'message', roomId: 'repeat', id: i, text: `${i}` });
      await reader.next({ type: 'message', text: `${i}` });
      client.socket.terminate();
      client = await connect(t, node);
      const rooms = { repeat: { epoch, offset: i - 1 } };
      const resumed = await client.request({ type: 'resume', session, rooms });
      assert.equal(resumed.rooms[0].recovered, true);
      assert.equal((await client.next('message')).id, i);
      const ack = await client.say('repeat', `${i}`, { id: i });
      assert.deepEqual([ack.offset, ack.duplicate], [i, true]);
    }
    assert.equal(reader.all('message').length, 10);
  });

test('[P-3.19] who is lost and does not come back has left', async (t) => {
  const node = await openNode(t, { 'rooms.grace': '300ms' });
  const reader = await connect(t, node);
  await reader.join('grace');
  const lost = await connect(t, node);
  await lost.join('grace');
  await reader.next((m) => m.type === 'presence' && m.joined);
  lost.socket.terminate();
  const { left } = await reader.next((m) => m.type === 'presence' && m.left);
  assert.equal(left[0].connectionId, lost.connectionId);
});

test('[P-3.18] a client on a train: lost again and again, it misses nothing',
  async (t) => {
    const node = await open();
    const talker = await connect(t, node);
    await talker.join('train');
    let train = await connect(t, node);
    await train.join('train');
    const heard = [];
    const note = (client) => {
      for (const message of client.all('message')) heard.push(message.text);
    };
    for (let i = 0; i < 20; ++i) {
      await talker.say('train', `${i}`);
      if (i % 3 !== 0) continue;
      const known = train.memory ?? memory(train);
      for (const message of train.all('message'))
        known.rooms.train.offset = message.offset;
      note(train);
      train.socket.terminate();
      train = await connect(t, node);
      train.memory = known;
      await train.request({ type: 'resume', ...known });
    }
    await talker.say('train', 'end');
    await train.next({ type: 'message', text: 'end' });
    note(train);
    assert.deepEqual(heard, [...Array(20).keys()].map(String).concat('end'));
    await eventually('nobody saw it', () => talker.all('presence')
      .every(({ left }) => !left));
  });
