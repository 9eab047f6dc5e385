// Logs in which much happens, so that every question of docs/queries.md has an
// answer in them: those of real nodes to which it was done, and a made-up one of
// what cannot be done to a node from outside.

import { bearer, connect, dial } from './client.mjs';
import { startCluster } from './cluster.mjs';
import { LogCheck, schema } from './events.mjs';
import { openNode } from './node.mjs';
import { connectRaw } from './raw.mjs';
import { startRedis } from './redis.mjs';
import { relayMembers } from './relay.mjs';
import { token } from './tokens.mjs';
import { SOON, eventually } from './wait.mjs';

const FILLING = 'x'.repeat(60_000);

/** Clients that are refused or limited, at a node by itself. */
async function refusals(t) {
  const node = await openNode(t, {
    'cluster.node-id': 'alone', 'net.loops': 1, 'limits.rooms': 1,
    'limits.messages-per-second': 10, 'limits.messages-burst': 10,
    'limits.violations': 5, 'rooms.linger': '0ms',
  });
  const ada = await connect(t, node,
    { query: { room: 'lobby' }, ...bearer(token('ada')) });
  await ada.next('joined');
  for (const query of [{ token: 'nonsense' }, { token: 'worse' }])
    await dial(t, node, { query }).closes(4001);
  await dial(t, node, { origin: 'http://evil.example' }).opened.catch(() => {});
  await ada.refused('unavailable', { type: 'join_room', roomId: 'attic' });
  const wild = await connect(t, node);
  for (let i = 0; i < 40; ++i) wild.send({ type: 'ping' });
  await wild.closes(4029);
  await ada.close();
  await node.event('room.closed', { room: 'lobby' });
  await node.stop();
  return { node, wild: wild.connectionId };
}

/** A member that does not read, and a crowd of which few are told. */
async function crowd(t) {
  const node = await openNode(t, {
    'cluster.node-id': 'busy', 'log.limited-per-second': 5,
    'limits.messages-per-second': 0, 'limits.unsent-bytes': '128KiB',
  });
  const slow = await connectRaw(t, node, '/ws?room=hall');
  await slow.next((f) => f.payload.toString().includes('"joined"'));
  slow.socket.pause();
  const ada = await connect(t, node, { query: { room: 'hall' } });
  let isTold = false;
  const told = () => (isTold = true);
  const lagging = node.event('member.lagging', {}, 3 * SOON);
  lagging.then(told, told);
  while (!isTold) await ada.say('hall', FILLING);
  const { connection } = await lagging;
  for (let i = 0; i < 20; ++i) await connect(t, node);
  await node.event('log.limited', { of: 'connection.opened' });
  slow.socket.destroy();
  await node.event('connection.closed', { connection });
  await node.stop();
  return { node, slow: connection };
}

/** How often a node has said this. */
const said = (node, name) => node.events.items
  .filter(({ event }) => event === name).length;

/** Does something to the bus of `nodes`, and waits until all are back. */
async function back(nodes, harm) {
  const before = nodes.map((node) => said(node, 'bus.up'));
  await harm();
  await eventually('the bus is back', () => nodes.every((node, i) =>
    said(node, 'bus.up') > before[i]));
}

/** A bus that breaks for its listeners, and then Redis under it. */
async function breaks(t) {
  const redis = await startRedis(t);
  const nodes = await startCluster(t, redis, 2, { 'rooms.order': 'total' });
  const [one, two] = nodes;
  const ada = await connect(t, one, { query: { room: 'salon' } });
  await ada.next('joined');
  await ada.say('salon', 'hello');
  const [here, there] = await relayMembers(t, nodes, 'line', 2);
  const talk = setInterval(() => there.sendFrame('hello'), 2);
  try {
    // What is said while a node is away is a gap, but it may be back too soon.
    for (let i = 0; said(one, 'bus.gap') === 0 && i < 20; ++i)
      await back(nodes, () => redis.cli('client', 'kill', 'type', 'pubsub'));
  } finally {
    clearInterval(talk);
  }
  await here.close();
  await back(nodes, async () => {
    await redis.kill();
    await redis.start();
  });
  await one.event('store.turned', { room: 'salon' });
  await two.stop();
  await one.event('peer.left');
  await one.stop();
  return nodes;
}

/** Lines as the node `node` would tell them, numbered from 1. */
class Narrator {
  lines = [];
  #at = Date.UTC(2026, 10, 22, 3, 0, 0);
  #seq = 0;

  constructor(node) {
    this.node = node;
  }

  tell(event, fields, speaker = {}) {
    this.lines.push({
      v: 1, ts: new Date(this.#at += 10).toISOString(), seq: ++this.#seq,
      level: schema.$defs[event].properties.level.const, event,
      node: this.node, ...speaker, ...fields,
    });
  }

  /** So many lines that nobody gets. */
  lose(count) {
    this.#seq += count;
  }

  begin() {
    this.#seq = 0;
    this.tell('node.starting',
      { version: '0.1.0', node_id: this.node, loops: 2, pid: 17 });
  }
}

/** A night of crashes, of the node n-1, which is killed and started again. */
export function madeUp() {
  const told = new Narrator('n-1');
  const keeper = { actor: 6, kind: 'keeper', parent: 5 };
  const room = { actor: 10, kind: 'room', name: 'billiards', parent: 6 };
  const other = { actor: 11, kind: 'room', name: 'cellar', parent: 6 };
  const crash = (who) => {
    told.tell('actor.crashed',
      { reason: 'a ball is missing', message: 'publish' }, who);
    told.tell('actor.flight', { entry: 0, age_us: 40, what: 'publish' }, who);
    told.tell('actor.flight', { entry: 1, age_us: 900, what: 'join' }, who);
  };
  const restart = (who, restarts, pause_us) => told.tell('actor.restarted',
    { restarts, cause: 'a ball is missing', pause_us }, who);

  told.begin();
  for (const who of [keeper, room, other]) told.tell('actor.spawned', {}, who);
  crash(room);
  restart(room, 1, 70);
  crash(room);
  told.tell('message.quarantined', { room: 'billiards', bytes: 3,
    payload: 'YWJj', reason: 'a ball is missing' }, room);
  restart(room, 2, 30);
  crash(other);
  told.tell('actor.escalated',
    { restarts: 0, cause: 'a ball is missing' }, other);
  told.tell('room.failed', { room: 'cellar', space: 'protocol',
    reason: 'a ball is missing' }, other);
  told.tell('actor.exited',
    { reason: 'a ball is missing', lived_ms: 60 }, other);
  told.tell('actor.slow', { message: 'publish', took_ms: 80 }, room);
  told.tell('actor.slow', { message: 'join', took_ms: 60 }, room);
  told.tell('mailbox.deep', { depth: 9000, age_ms: 1200 }, room);
  told.tell('loop.stalled', { loop: 1, turn_ms: 700 });
  told.tell('store.failed', { path: 'rooms.db', reason: 'disk I/O error' });
  told.tell('store.recovered',
    { path: 'rooms.db', refused: 12, failing_ms: 4000 });
  told.tell('store.repaired', { room: 'billiards', entries: 5 });
  told.lose(3);
  told.tell('log.dropped', { lines: 3 });
  const killed = told.lines.length;
  told.begin();
  check(told.lines.slice(0, killed));
  check(told.lines.slice(killed));
  return told.lines;
}

/** What is made up keeps the contract too. */
function check(lines) {
  const log = new LogCheck();
  for (const line of lines) log.read(JSON.stringify(line));
  const wrong = log.atEnd({ wasKilled: false });
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

/** All of these nights: their lines, node by node, and who is in them. */
export async function eventful(t) {
  const [alone, busy, cluster] = await Promise.all(
    [refusals(t), crowd(t), breaks(t)]);
  const nodes = [alone.node, busy.node, ...cluster];
  return {
    lines: [...nodes.flatMap(({ events }) => events.items), ...madeUp()],
    wild: alone.wild, slow: busy.slow,
  };
}
