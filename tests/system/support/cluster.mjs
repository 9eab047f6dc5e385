// Several nodes that share a Redis.

import { connect } from './client.mjs';
import { GreenroomNode, openNode } from './node.mjs';
import { SECRET } from './tokens.mjs';
import { eventually } from './wait.mjs';

/** Of order `fifo`; what is of order `total` says so. */
export const clusterSettings = (redis, more = {}) => ({
  'cluster.redis': redis.url,
  'rooms.order': 'fifo',
  'cluster.backoff-max': '500ms',
  'limits.messages-per-second': 0,
  ...more,
});

/** `count` nodes with ids n1, n2 and so on, all with the bus up. */
export function startCluster(t, redis, count = 3, more = {}) {
  return Promise.all(Array.from({ length: count }, (_, i) => openNode(t,
    clusterSettings(redis, { 'cluster.node-id': `n${i + 1}`, ...more }))));
}

/** A node that may never be ready: nothing is awaited. */
export function launchNode(t, settings, how = {}) {
  const node = new GreenroomNode({
    'net.port': 0, 'admin.port': 0, 'log.format': 'json', 'auth.secret': SECRET,
    'auth.anonymous': true, ...settings,
  }, how);
  t.after(() => node.stop());
  return node;
}

/** Whether a channel is that of a room, which is not its log's. */
export const isOf = (channel, roomId) =>
  channel.includes(':room:{') && channel.endsWith(`:${roomId}}`);

/** How many nodes are subscribed to the channel of a room. */
export async function subscriptions(redis, roomId) {
  const channels = (await redis.channels())
    .filter((channel) => isOf(channel, roomId));
  let count = 0;
  for (const channel of channels)
    count += Number((await redis.cli('pubsub', 'numsub', channel))[1]);
  return count;
}

export function subscribed(redis, roomId, count) {
  return eventually(`${count} nodes are subscribed to ${roomId}`, async () =>
    await subscriptions(redis, roomId) === count);
}

/** A member of `roomId` on each of `nodes`, with every node subscribed. */
export async function memberOnEach(t, redis, nodes, roomId, options = {}) {
  const members = [];
  for (const node of nodes) {
    const client = await connect(t, node, options);
    await client.join(roomId);
    members.push(client);
  }
  await subscribed(redis, roomId, nodes.length);
  return members;
}

/** `from` says things until `to` hears one of them. */
export async function reaches(from, to, roomId) {
  const seen = to.all('message').length;
  await eventually('messages cross again', async () => {
    await from.say(roomId, 'is anybody there?');
    return to.all('message').length > seen;
  });
}
