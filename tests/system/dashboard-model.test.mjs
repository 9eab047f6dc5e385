// What the dashboard's page knows of a cluster, as a function of the frames
// that came (docs/dashboard.md). No browser, no node.

import assert from 'node:assert/strict';

import {
  VIEWS, actorKey, address, readActorKey, readAddress,
} from '../../app/dashboard/address.js';
import { BOUNDS, TIMES } from '../../app/dashboard/bounds.js';
import { Cluster } from '../../app/dashboard/model.js';
import { printable } from '../../app/dashboard/printable.js';
import {
  FigureWindow, added, quantile, spread,
} from '../../app/dashboard/rates.js';
import {
  roomCount, roomList, sortRooms, unlistedRooms,
} from '../../app/dashboard/room-list.js';
import { actorFilter, treeRows } from '../../app/dashboard/tree-rows.js';
import { troubles } from '../../app/dashboard/troubles.js';
import {
  about, bytes, called, duration, micros, placeInLog, rate,
} from '../../app/dashboard/words.js';
import {
  EPOCH, TrueNode, chance, iso, known,
} from './support/dashboard-truth.mjs';
import { test } from './support/test.mjs';

const seed = Number(process.env.GREENROOM_TEST_SEED)
  || Math.floor(Math.random() * 2 ** 31);

const hello = { type: 'hello', node: 'n-1', version: '0.5.0', now: iso(EPOCH) };

/** A cluster that has heard hello, and a node that it is told of. */
function begun() {
  const cluster = new Cluster();
  cluster.take(hello, 0);
  const node = new TrueNode('n-1');
  return { cluster, node, life: () => cluster.nodes.get('n-1'),
    take: (...frames) => frames.flat().forEach((frame) =>
      cluster.take(frame, node.at - EPOCH)) };
}

const told = (node, events) => node.frame(events);

test('a snapshot counts once all of its parts are in, in any order', () => {
  const { node, life, take } = begun();
  for (let i = 0; i < 20; ++i)
    node.spawn(node.keepers[i % 2], { kind: 'room', name: `room ${i}` });
  const parts = node.snapshot(4);
  take(parts[2], parts[0], parts[0], parts[3]);
  assert.equal(life().actors.all.size, 0);
  assert.equal(life().actors.isWhole, false);
  take(parts[1]);
  assert.deepEqual(known(life().actors), node.picture());
  assert.equal(life().actors.isWhole, true);
});

test('a snapshot that was never finished gives way to the next', () => {
  const { node, life, take } = begun();
  take(node.snapshot(3)[0]);
  node.at += 5_000;
  node.spawn(node.keepers[0], { kind: 'room', name: 'late' });
  take(node.snapshot(2));
  assert.deepEqual(known(life().actors), node.picture());
});

test('events change the tree between snapshots', () => {
  const { node, life, take } = begun();
  take(node.snapshot());
  const [keeper] = node.keepers;
  take(told(node, node.spawn(keeper, { kind: 'room', name: 'lobby' })));
  assert.deepEqual(known(life().actors), node.picture());
  const room = [...node.actors.values()].at(-1);
  node.at += 1;
  take(told(node, node.crash(room, 'it broke')));
  assert.equal(life().actors.get(room.id).state, 'crashed');
  assert.equal(life().actors.get(room.id).why, 'it broke');
  node.at += 1;
  take(told(node, node.restart(room)));
  assert.deepEqual(known(life().actors), node.picture());
  take(told(node, node.exit(room)));
  assert.deepEqual(known(life().actors), node.picture());
});

test('a loop that begins anew does so with all that is under it', () => {
  const { node, life, take } = begun();
  node.spawn(node.keepers[0], { kind: 'room', name: 'a' });
  node.spawn(node.keepers[1], { kind: 'room', name: 'b' });
  const [a, b] = [...node.actors.values()].slice(-2);
  take(node.snapshot());
  take(told(node, [...node.crash(a), ...node.crash(b),
    ...node.crash(node.loops[0])]));
  node.at += 1;
  take(told(node, node.restart(node.loops[0])));
  assert.equal(life().actors.get(a.id).state, 'alive');
  assert.equal(life().actors.get(b.id).state, 'crashed');
});

test('an event that comes twice does no harm', () => {
  const { cluster, node, life, take } = begun();
  take(node.snapshot());
  const events = [...node.spawn(node.keepers[0], { kind: 'room', name: 'a' })];
  const room = [...node.actors.values()].at(-1);
  for (const step of [() => node.crash(room), () => [node.event('actor.flight',
    room, { entry: 0, age_us: 5, what: 'publish' })], () => node.restart(room),
  () => node.crash(room), () => node.restart(room)]) {
    node.at += 1;
    events.push(...step());
  }
  take(told(node, events));
  const once = [known(life().actors), cluster.events.size,
    JSON.stringify(cluster.incidents.all)];
  take(told(node, events), told(node, events.slice(2)));
  assert.deepEqual([known(life().actors), cluster.events.size,
    JSON.stringify(cluster.incidents.all)], once);
  assert.equal(cluster.incidents.all.length, 2);
});

test('a frame that comes twice counts once, also what it says was left out',
  () => {
    const { cluster, node, take } = begun();
    const frames = [told(node, [node.event('node.ready')]),
      node.frame([node.event('bus.gap'), node.event('bus.gap')], 7),
      node.frame([], 2), told(node, [node.event('bus.gap')])];
    take(frames, frames[1], [...frames].reverse());
    assert.equal(cluster.events.size, 4);
    assert.equal(cluster.events.lost, 9);
    // It is not the number of the log that tells them apart.
    const [same] = [node.event('bus.gap', undefined, { seq: 1 })];
    take(told(node, [same, { ...same }]), told(node, [{ ...same }]));
    assert.equal(cluster.events.size, 7);
  });

test('hello, then events go on, also when some were not seen', () => {
  const { cluster, node, take } = begun();
  const say = (count) => told(node, Array.from({ length: count }, () =>
    node.event('bus.gap', undefined, { level: 'warn' })));
  take(node.snapshot(), say(20));
  say(30); // Nobody watches: the node goes on counting.
  take(hello, node.snapshot(), say(20));
  assert.equal(cluster.events.size, 40);
  const last = say(1);
  take(last, hello, last);
  assert.equal(cluster.events.size, 41);
  assert.equal(cluster.malformed, 0);
});

test('an event says where the log has it, if it has', () => {
  const { cluster, node, take } = begun();
  take(told(node, [node.event('bus.gap', undefined, { seq: 20 }),
    node.event('bus.gap', undefined, { seq: undefined })]));
  const places = cluster.events.latest(9, () => true)
    .map(({ event }) => placeInLog(event.seq));
  assert.deepEqual(places, ['not in the log, whose level is higher',
    'line 20 of the log']);
});

test('who exited while a snapshot was taken does not come back with it', () => {
  const { node, life, take } = begun();
  node.spawn(node.keepers[0], { kind: 'room', name: 'short' });
  const room = [...node.actors.values()].at(-1);
  const parts = node.snapshot(2); // Still with the room.
  node.at += 3;
  take(parts[0], told(node, node.exit(room)), parts[1]);
  assert.deepEqual(known(life().actors), node.picture());
  // Nor by a last word that was held back.
  take(told(node, [node.event('room.closed', room)]));
  assert.equal(life().actors.get(room.id), undefined);
});

test('who was spawned while a snapshot was taken stays until the next', () => {
  const { node, life, take } = begun();
  const before = node.snapshot(2);
  node.at += 3;
  const events = node.spawn(node.keepers[0], { kind: 'room', name: 'new' });
  const room = [...node.actors.values()].at(-1);
  take(before[0], told(node, events), before[1]);
  assert.deepEqual(known(life().actors), node.picture());
  // Its end was held back (log.limited): the next snapshot puts it right.
  node.actors.delete(room.id);
  node.at += 5_000;
  take(node.snapshot());
  assert.deepEqual(known(life().actors), node.picture());
});

/** A node of 40 rooms more than it lists, one of which events told of. */
function crowded() {
  const all = begun();
  const { node, take } = all;
  const [keeper] = node.keepers;
  keeper.more = 40;
  take(node.snapshot());
  const spawn = (name) => {
    node.at += 1;
    take(told(node, node.spawn(keeper, { kind: 'room', name })));
    const room = [...node.actors.values()].at(-1);
    node.actors.delete(room.id); // It is not listed.
    return room;
  };
  const later = (ms = 5_000) => {
    node.at += ms;
    take(node.snapshot());
  };
  return { ...all, keeper, spawn, later };
}

test('who is not listed is known by events, and not said to be gone', () => {
  const { cluster, node, life, take, keeper, spawn, later } = crowded();
  const room = spawn('far');
  later();
  const { actors } = life();
  assert.equal(actors.get(room.id).isUnlisted, true);
  assert.equal(unlistedRooms(cluster), 39, 'it is no longer among the unknown');
  assert.equal(actors.countBelow(actors.get(keeper.id)), 40);
  assert.deepEqual(roomList(cluster).map(({ name, members }) =>
    [name, members]), [['far', undefined]]);
  assert.deepEqual(roomCount(cluster), { count: 0, isWhole: false });
  take(told(node, node.exit(room)));
  assert.equal(actors.get(room.id), undefined);
  assert.equal(actors.whereabouts(room.id), 'gone');
  assert.equal(actors.whereabouts(999), 'unlisted');
  keeper.more = 0;
  later();
  assert.equal(actors.whereabouts(999), 'gone');
});

test('who was not listed is listed again, or forgotten after a time', () => {
  const { node, life, take, spawn, later } = crowded();
  const [seen, quiet] = [spawn('seen'), spawn('quiet')];
  const { actors } = life();
  later(TIMES.unlisted - 1_000);
  take(told(node, [node.event('room.emptied', seen)]));
  assert.ok(actors.get(quiet.id));
  later();
  assert.equal(actors.get(quiet.id), undefined);
  assert.equal(actors.whereabouts(quiet.id), 'unlisted');
  assert.equal(actors.get(seen.id).isUnlisted, true);
  node.actors.set(seen.id, seen);
  later();
  assert.equal(actors.get(seen.id).isUnlisted, false);
  // Listed, and then no longer, without a word since: it has gone.
  node.actors.delete(seen.id);
  later();
  assert.equal(actors.get(seen.id), undefined);
});

test('those who are not listed are no more than their bound', () => {
  const { life, spawn, later } = crowded();
  for (let i = 0; i < BOUNDS.unlisted + 10; ++i) spawn(`room ${i}`);
  const before = life().actors.all.size;
  later();
  assert.equal(life().actors.all.size, before - 10);
  assert.equal([...life().actors.all.values()].at(-1).name,
    `room ${BOUNDS.unlisted + 9}`);
});

test('one that is down and no longer listed is down no longer', () => {
  const { node, life, take, spawn, later } = crowded();
  const room = spawn('far');
  take(told(node, node.crash(room)));
  assert.equal(life().actors.get(room.id).state, 'crashed');
  later();
  assert.equal(life().actors.get(room.id), undefined);
  take(told(node, node.restart(room)));
  assert.equal(life().actors.get(room.id).state, 'alive');
});

test('before a tree has come nobody is gone', () => {
  const { node, life, take } = begun();
  take(told(node, [node.event('node.ready')]));
  assert.equal(life().actors.whereabouts(7), 'waiting');
  take(node.snapshot());
  assert.equal(life().actors.whereabouts(999), 'gone');
});

test('a crash that is newer than a snapshot outlives it', () => {
  const { node, life, take } = begun();
  node.spawn(node.keepers[0], { kind: 'room', name: 'r' });
  const room = [...node.actors.values()].at(-1);
  const before = node.snapshot();
  node.at += 1;
  take(told(node, node.crash(room)), before);
  assert.equal(life().actors.get(room.id).state, 'crashed');
  node.at += 5_000;
  room.state = 'alive';
  ++room.restarts;
  take(node.snapshot());
  assert.deepEqual(known(life().actors), node.picture());
});

test('what waits for an actor is what was told of it last', () => {
  const { node, life, take } = begun();
  node.spawn(node.keepers[0], { kind: 'room', name: 'r', mailbox: 3 });
  const room = [...node.actors.values()].at(-1);
  const before = node.snapshot();
  node.at += 1;
  take(told(node, [node.event('mailbox.deep', room, { depth: 900 })]), before);
  assert.equal(life().actors.get(room.id).mailbox, 900);
  node.at += 1;
  take(node.snapshot());
  assert.equal(life().actors.get(room.id).mailbox, 3);
  take(told(node, [node.event('mailbox.drained', room)]));
  assert.equal(life().actors.get(room.id).mailbox, 0);
});

test('a node that was started anew begins anew, and so do its numbers', () => {
  const { cluster, node, life, take } = begun();
  take(node.snapshot());
  take(figures('n-1', 'run-1', 10, { messages: 1_000 }),
    figures('n-1', 'run-1', 11, { messages: 1_100 }));
  take(told(node, [node.event('bus.down', undefined, { reason: 'x' })]));
  const next = new TrueNode('n-1', { run: 'run-2', at: node.at + 1_000 });
  take(told(next, [next.event('node.starting')]));
  assert.equal(life().actors.all.size, 0);
  assert.equal(life().window.rate('messages'), undefined);
  assert.equal(life().told.all.size, 0);
  take(next.snapshot());
  assert.deepEqual(known(life().actors), next.picture());
  // The first event of the new run has a number that the old one had, too.
  assert.equal(cluster.events.size, 2);
});

test('a crash is told with what led to it and what became of it', () => {
  const { cluster, node, take } = begun();
  node.spawn(node.keepers[0], { kind: 'room', name: 'lobby' });
  const room = [...node.actors.values()].at(-1);
  take(told(node, [...node.crash(room, 'out of range'),
    node.event('actor.flight', room, { entry: 1, age_us: 9, what: 'join' }),
    node.event('actor.flight', room, { entry: 0, age_us: 4, what: 'publish' }),
  ]));
  const [crash] = cluster.incidents.all;
  assert.equal(crash.reason, 'out of range');
  assert.equal(crash.message, 'publish');
  assert.deepEqual(crash.flight.map(({ what }) => what), ['publish', 'join']);
  assert.equal(crash.outcome, null);
  take(told(node, node.restart(room)));
  assert.equal(crash.outcome.what, 'restarted');
  assert.equal(crash.outcome.pause_us, 12);
  take(told(node, node.crash(room)));
  node.at += 1;
  take(told(node, [node.event('actor.escalated', room,
    { restarts: 2, cause: 'too often' })]));
  take(told(node, [node.event('room.failed', room, { room: 'lobby' })]));
  take(told(node, node.exit(room)));
  assert.equal(cluster.incidents.all.length, 2);
  assert.equal(cluster.incidents.all[0].outcome.what, 'ended');
  assert.equal(cluster.incidents.all[1].outcome.what, 'restarted');
});

test('what became of a crash is known from a snapshot, if no event told it',
  () => {
    const { cluster, node, take } = begun();
    for (const name of ['a', 'b', 'c'])
      node.spawn(node.keepers[0], { kind: 'room', name });
    const [a, b, c] = [...node.actors.values()].slice(-3);
    take(node.snapshot(), told(node, [a, b, c].flatMap((room) =>
      node.crash(room))));
    const outcomes = () => cluster.incidents.all.map(({ outcome }) =>
      outcome?.what);
    take(node.snapshot()); // They are down in it, too.
    assert.deepEqual(outcomes(), [undefined, undefined, undefined]);
    node.keepers[1].more = 1; // Of one that need not be listed, nothing is known.
    node.spawn(node.keepers[1], { kind: 'room', name: 'far' });
    const far = [...node.actors.values()].at(-1);
    take(told(node, node.crash(far)));
    node.actors.delete(far.id);
    node.at += 5_000;
    take(node.snapshot());
    assert.deepEqual(outcomes(), [undefined, undefined, undefined, undefined]);
    cluster.incidents.all.shift();
    node.at += 5_000;
    node.restart(a);
    node.exit(b);
    take(node.snapshot());
    assert.deepEqual(outcomes(), [undefined, 'ended', 'restarted']);
    assert.equal(cluster.incidents.all[2].outcome.restarts, 1);
  });

test('a node that is gone is shown for a time, and may come back', () => {
  const { cluster, node, take, life } = begun();
  take(node.snapshot(), { type: 'gone', node: 'n-1' });
  assert.equal(life().condition(0), 'gone');
  cluster.tick(TIMES.gone - 1);
  assert.ok(life());
  take(told(node, [node.event('node.ready')]));
  cluster.tick(TIMES.gone + 1);
  assert.notEqual(life().condition(1), 'gone');
  take({ type: 'gone', node: 'n-1' });
  cluster.tick(TIMES.gone + 1);
  assert.equal(life(), undefined);
  assert.equal(cluster.actorCount, 0);
});

test('after a reconnection what is not told anew is forgotten', () => {
  const { cluster, node, take, life } = begun();
  const other = new TrueNode('n-2');
  take(node.snapshot(), other.snapshot());
  cluster.take(hello, 1_000);
  assert.equal(life().isOld, true);
  cluster.take(node.snapshot()[0], 2_000);
  assert.equal(life().isOld, false);
  cluster.tick(1_000 + TIMES.relearn + 1);
  assert.deepEqual(cluster.list().map(({ id }) => id), ['n-1']);
});

test('a node without figures for some seconds is silent', () => {
  const { cluster, life } = begun();
  cluster.take(figures('n-1', 'run-1', 1), 100);
  assert.equal(life().condition(100), 'ready');
  assert.equal(life().condition(101 + TIMES.silent), 'silent');
  cluster.take(figures('n-1', 'run-1', 2, {}, { ready: 'Redis is away' }), 9e3);
  assert.equal(life().condition(9e3), 'unready');
});

test('rubbish is counted, and changes nothing', () => {
  const { cluster, node, take, life } = begun();
  take(node.snapshot());
  const before = known(life().actors);
  const texts = ['', '{', 'null', '[]', '7', '"hello"'];
  for (const text of texts) cluster.takeText(text, 0);
  assert.equal(cluster.malformed, texts.length);
  for (const frame of [{}, { type: 'new', x: 1 }, { type: 'tree' },
    { type: 'gone' }, { type: 'gone', node: 7 }, { type: 'hello' },
    { type: 'figures', node: {} }, { type: 'events', node: 'n-1',
      run: 'run-1', first: 1, lines: 'none' },
    { ...node.frame([node.event('x')]), first: 'none' },
    { ...node.part(EPOCH, 0, 1, []), part: -1 },
    { ...node.part(EPOCH, 0, 1, []), parts: 1e9 },
    { ...node.part(EPOCH, 0, 1, []), actors: 'none' },
    node.frame([null, 7, {}, { event: 7 }, { event: 'x', actor: 'y' }]),
    { type: 'figures', node: 'n-1', run: 'run-1', counts: [], latency: 3,
      memory: 'no', busiest: [null, 7, {}], mailboxes: null, seconds: 'x' },
  ])
    cluster.takeText(JSON.stringify(frame), 0);
  assert.deepEqual(known(life().actors), before);
  take(node.part(EPOCH + 1, 0, 1, [null, 7, {}, { id: 'x' },
    { id: 1, kind: 7, name: {}, parent: 'p', some: [7, [1, 2]], members: -1 }]));
  assert.equal(life().actors.all.size, 1);
});

test('parents that go in a circle hang nobody', () => {
  const { cluster, node, life, take } = begun();
  take(node.part(EPOCH, 0, 1, [{ id: 1, kind: 'loop', parent: 2 },
    { id: 2, kind: 'loop', parent: 1 }, { id: 3, kind: 'loop', parent: 3 }]));
  take(node.frame([node.event('actor.restarted', { id: 1, kind: 'loop' })]));
  const { actors } = life();
  assert.deepEqual(actors.roots().map(({ id }) => id), [2, 3]);
  assert.deepEqual(actors.childrenOf(2).map(({ id }) => id), [1]);
  hasAllOnce(actors);
  assert.equal(treeRows(cluster, { isOpen: () => true }).length, 3);
});

test('a tree that is deeper than any real one is shown down to its bound',
  () => {
    const { cluster, node, take } = begun();
    const chain = Array.from({ length: 10_000 }, (_, i) =>
      ({ id: i + 1, kind: 'room', name: `${i}`, parent: i, state: 'crashed' }));
    const upwards = [...chain].reverse();
    for (const [at, actors] of [[EPOCH, chain], [EPOCH + 1, upwards]]) {
      take(node.part(at, 0, 1, actors));
      const rows = treeRows(cluster, { isOpen: () => true });
      assert.equal(rows.length, BOUNDS.depth);
      assert.equal(rows.at(-1).down, 10_000 - BOUNDS.depth);
      assert.equal(rows.at(-1).hasRows, false);
      const filter = actorFilter('is:down');
      assert.equal(treeRows(cluster, { isOpen: () => false, filter }).length,
        BOUNDS.depth);
    }
  });

test('nothing grows beyond its bound', () => {
  const { cluster, node, take, life } = begun();
  const actors = Array.from({ length: BOUNDS.actors + 500 }, (_, i) =>
    ({ id: i + 1, kind: 'connection', name: `c-${i}` }));
  // Parts of snapshots that are never whole, one that is too large, and more
  // nodes than there is room for.
  for (let i = 0; i < 10; ++i)
    take(node.part(EPOCH + i, i % 10, 10, actors.slice(0, 4_000)));
  take(node.part(EPOCH + 99, 0, 2, actors.slice(0, 20_000)),
    node.part(EPOCH + 99, 1, 2, actors.slice(20_000)));
  assert.equal(cluster.actorCount, 20_000);
  for (const other of ['n-2', 'n-3'])
    take({ ...node.part(EPOCH, 0, 1, actors.slice(0, 15_000)), node: other });
  assert.equal(cluster.actorCount, BOUNDS.actors);
  assert.equal(cluster.nodes.get('n-3').actors.forgotten, 10_000);
  const long = 'x'.repeat(100_000);
  const crowd = { id: 9e6, kind: 'room', name: long };
  for (let i = 0; i < 12; ++i)
    take(node.frame(Array.from({ length: 1_000 }, () =>
      node.event(i % 2 ? 'actor.crashed' : `strange.${node.at++}`, crowd,
        { reason: long, more: { a: [long] } }))));
  assert.ok(cluster.events.size <= BOUNDS.events);
  assert.equal(cluster.events.total, 12_000);
  assert.ok(cluster.events.names.size <= BOUNDS.headings);
  assert.ok(cluster.incidents.all.length <= BOUNDS.incidents);
  const [last] = cluster.events.latest(1, () => true);
  assert.ok(JSON.stringify(last).length < 4 * BOUNDS.value);
  for (let i = 0; i < 2 * BOUNDS.nodes; ++i)
    take({ ...node.snapshot()[0], node: `node ${i}` });
  assert.ok(cluster.nodes.size <= BOUNDS.nodes);
  for (let i = 0; i < 2 * BOUNDS.told; ++i)
    take(told(node, [node.event('peer.lost', undefined, { peer: `n-${i}` })]));
  assert.equal(life().told.all.size, BOUNDS.told);
  for (let i = 0; i < 2 * BOUNDS.points; ++i)
    cluster.take(figures('n-1', 'run-1', i), 1_000 * i);
  assert.ok(life().series.size <= BOUNDS.points);
  assert.ok(cluster.series.size <= BOUNDS.points);
});

test(`random lives are known as they are (seed ${seed})`, () => {
  const random = chance(seed);
  for (let round = 0; round < 60; ++round) {
    const { cluster, node, life, take } = begun();
    const most = random.below(20); // Rooms that are listed of a keeper.
    take(node.snapshot());
    const sent = [];
    const send = (events) => {
      if (events.length === 0) return;
      const frame = node.frame(events);
      sent.push(frame);
      take(frame);
      if (random.happens(0.2)) take(random.of(sent));
    };
    for (let step = 0; step < 40; ++step) {
      if (random.happens(0.7)) {
        send(happening(node, random));
        if (random.happens(0.3)) hasAllOnce(life().actors);
        continue;
      }
      // A snapshot, actor by actor, with things that happen meanwhile.
      const begin = node.at;
      const all = [];
      const crowds = new Map(node.keepers.map(({ id }) => [id, []]));
      for (const id of node.ids()) {
        const actor = node.actors.get(id);
        if (actor && !isLeftOut(actor, crowds, most)) all.push({ ...actor });
        if (random.happens(0.1)) send(happening(node, random));
      }
      for (const actor of all)
        actor.more = crowds.get(actor.id)?.filter((is) => is).length;
      const parts = 1 + random.below(3);
      const size = Math.ceil(all.length / parts);
      for (let i = 0; i < parts; ++i) {
        take(node.part(begin, i, parts, all.slice(i * size, (i + 1) * size)));
        if (random.happens(0.3)) send(happening(node, random));
      }
      node.at += 1;
      // Every event was told, so that the picture is right at any time.
      assert.deepEqual(known(life().actors), node.picture());
      hasAllOnce(life().actors);
    }
    assert.equal(cluster.actorCount, life().actors.all.size);
    assert.equal(cluster.malformed, 0);
  }
});

/** Of each keeper the oldest rooms are listed, and those that are down. */
function isLeftOut({ parent, state }, crowds, most) {
  const crowd = crowds.get(parent);
  const isOut = crowd?.length >= most && state === 'alive';
  crowd?.push(isOut);
  return isOut;
}

/** Walked from its roots, a tree has everybody, and once. */
function hasAllOnce(actors) {
  const listed = [];
  const walk = (actor) => {
    listed.push(actor.id);
    actors.childrenOf(actor.id).forEach(walk);
  };
  actors.roots().forEach(walk);
  assert.deepEqual(listed.sort((a, b) => a - b),
    [...actors.all.keys()].sort((a, b) => a - b));
}

/** Something that may happen in a node. */
function happening(node, random) {
  node.at += random.below(3) + 1;
  const rooms = [...node.actors.values()]
    .filter(({ kind }) => kind === 'room' || kind === 'audience');
  const crashed = [...node.actors.values()]
    .filter(({ state }) => state === 'crashed');
  const what = random.below(10);
  if (what < 3 || rooms.length === 0)
    return node.spawn(random.of(node.keepers),
      { kind: 'room', name: `room ${random.below(1e6)}` });
  if (what < 4)
    return node.spawn(random.of(node.audiences), { kind: 'audience', name: 'a' });
  if (what < 6) return node.exit(random.of(rooms));
  if (what < 8 || crashed.length === 0) return node.crash(random.of(rooms));
  if (what < 9) return node.restart(random.of(crashed));
  return node.restart(random.of(node.loops));
}

// -- figures ------------------------------------------------------------------

function figures(node, run, seconds, counts = {}, more = {}) {
  return { type: 'figures', node, run, at: iso(EPOCH), seconds, ready: '',
    bus: 'none', connections: 1, rooms: 1, members: 1,
    counts: { messages: 0, deliveries: 0, ...counts }, ...more };
}

test('rates are differences by the time of the node', () => {
  const window = new FigureWindow();
  const push = (seconds, messages) =>
    window.push(figures('n', 'r', seconds, { messages }));
  push(100, 5_000);
  assert.equal(window.rate('messages'), undefined);
  push(101, 5_100);
  assert.equal(window.rate('messages'), 100);
  push(103, 5_500);
  assert.equal(window.rate('messages', 1), 200);
  assert.equal(Math.round(window.rate('messages', 3)), 167);
  assert.equal(window.push(figures('n', 'r', 103)), false, 'it is no later');
  push(104, 10); // A count may not go back: no rate then.
  assert.equal(window.rate('messages'), undefined);
  assert.equal(window.rate('nothing'), undefined);
});

test('quantiles are about those of the values themselves', () => {
  const random = chance(seed);
  const bounds = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
  for (let round = 0; round < 200; ++round) {
    const values = Array.from({ length: 1 + random.below(400) }, () =>
      Math.floor(10 ** (4 * random.next())) % 5_000);
    const counts = new Array(bounds.length + 1).fill(0);
    const place = (value) => bounds.findIndex((bound) => value <= bound);
    for (const value of values) ++counts[place(value)];
    values.sort((a, b) => a - b);
    for (const q of [0.5, 0.95, 0.99]) {
      const exact = values[Math.max(0, Math.ceil(q * values.length) - 1)];
      const { us, isOver } = quantile(bounds, counts, q);
      assert.equal(isOver, false);
      // In the same bucket: more cannot be known.
      const bucket = place(exact);
      assert.ok(us <= bounds[bucket]
        && us >= (bucket === 0 ? 0 : bounds[bucket - 1]),
      `seed ${seed}: ${q} of ${values} is ${exact}, not ${us}`);
    }
  }
});

test('quantiles: nothing, one bucket, and what is beyond all bounds', () => {
  assert.equal(quantile([10, 20], [0, 0, 0], 0.5), null);
  assert.deepEqual(quantile([10, 20], [0, 4, 0], 0.5),
    { us: 15, isOver: false });
  assert.deepEqual(quantile([10, 20], [1, 0, 99], 0.5),
    { us: 20, isOver: true });
});

test('quantiles are of the last seconds, and of several nodes as of one',
  () => {
    const latency = (written) => ({ latency: { bounds_us: [10, 100], written } });
    const [a, b] = [new FigureWindow(), new FigureWindow()];
    a.push(figures('a', 'r', 1, {}, latency([1_000, 0, 0])));
    a.push(figures('a', 'r', 2, {}, latency([1_000, 10, 0])));
    b.push(figures('b', 'r', 1, {}, latency([0, 0, 50])));
    b.push(figures('b', 'r', 2, {}, latency([10, 0, 50])));
    assert.equal(a.buckets('sequenced'), null);
    const alone = spread(a.buckets('written'));
    assert.equal(alone.samples, 10);
    assert.equal(alone.p50.us, 55);
    const both = added([a.buckets('written'), null, b.buckets('written')]);
    assert.deepEqual(both.counts, [10, 10, 0]);
    assert.equal(spread(both).p50.us, 10);
  });

// -- what is made of it -------------------------------------------------------

test('what is wrong is told, the worst first, and nothing else', () => {
  const { cluster, node, take } = begun();
  node.spawn(node.keepers[0], { kind: 'room', name: 'r', mailbox: 5_000 });
  take(node.snapshot(), figures('n-1', 'run-1', 1));
  const words = (now = 0) => troubles(cluster, now)
    .map(({ level, node: at, text }) => `${level} ${at} ${text}`);
  assert.deepEqual(words(), ['warn n-1 has 5,000 messages waiting for room r']);
  const room = [...node.actors.values()].at(-1);
  room.mailbox = 0;
  take(node.snapshot());
  assert.deepEqual(words(), []);
  take(told(node, node.crash(room, 'why not')));
  assert.deepEqual(words().map((text) => text.split(':')[0]),
    ['bad n-1 has lost room r (crashed)', 'warn  1 failure in the last 5 min, '
      + 'the latest just now']);
  node.at += 1;
  take(told(node, node.restart(room)));
  assert.equal(words(0).length, 1);
  take(figures('n-1', 'run-1', 2, {}, { ready: 'x', bus: 'down' }),
    told(node, [node.event('bus.down', undefined, { reason: 'refused' })]));
  assert.equal(words()[0], 'bad n-1 cannot reach Redis: refused');
  take(figures('n-1', 'run-1', 3, {}, { bus: 'up' }),
    told(node, [node.event('bus.up')]));
  assert.equal(words().length, 1);
  take({ type: 'gone', node: 'n-1' });
  assert.equal(words()[0], 'bad n-1 is gone, just now');
  take({ ...hello, version: '9.9.9' });
  assert.ok(words().includes(
    'note  The node is of version 9.9.9 now: reload this page'));
});

test('what is wrong with one peer, loop or endpoint is taken back of it alone',
  () => {
    const { cluster, node, take } = begun();
    take(node.snapshot(), figures('n-1', 'run-1', 1, {}, { bus: 'down' }));
    const words = () => troubles(cluster, 0).map(({ text }) => text);
    const say = (name, fields) => take(told(node,
      [node.event(name, undefined, fields)]));
    say('peer.lost', { peer: 'n-3' });
    say('peer.lost', { peer: 'n-2' });
    say('loop.stalled', { loop: 0, turn_ms: 900 });
    say('loop.stalled', { loop: 1, turn_ms: 800 });
    say('bus.down', { endpoint: 'a:1', reason: 'refused' });
    say('bus.down', { endpoint: 'b:1', reason: 'reset' });
    say('bus.up', { endpoint: 'b:1' });
    say('peer.joined', { peer: 'n-2' });
    say('loop.stalled', { loop: 0, turn_ms: 700 });
    assert.deepEqual(words(), ['cannot reach Redis: refused',
      'has lost its peer n-3', 'had loop 1 stand still for 800 ms',
      'had loop 0 stand still for 700 ms']);
    const keys = troubles(cluster, 0).map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length);
    say('peer.joined', { peer: 'n-3' });
    assert.equal(words().length, 3);
  });

test('rooms of the node itself are no rooms of clients', () => {
  const { cluster, node, take } = begun();
  const [keeper] = node.keepers;
  node.spawn(keeper, { kind: 'room', name: '\u0001canary n-1' });
  node.spawn(keeper, { kind: 'room', name: 'lobby' });
  take(node.snapshot(), told(node, node.spawn(keeper,
    { kind: 'room', name: '\u0001other' })));
  assert.deepEqual(roomList(cluster).map(({ name }) => name), ['lobby']);
  assert.deepEqual(roomCount(cluster), { count: 1, isWhole: true });
  const shown = treeRows(cluster, { isOpen: () => true }).map(({ actor }) =>
    called(actor));
  assert.ok(shown.includes('room \\x01canary n-1'));
});

test('supervisors are named for what they are', () => {
  const names = [...begun().node.actors.values()].map(called);
  assert.deepEqual(names, ['node', 'loop 0', 'loop 1', 'audiences 0',
    'audiences 1', 'keeper', 'keeper']);
  assert.equal(called({ kind: 'room', name: 'room 5' }), 'room room 5');
  assert.equal(called({ kind: 'loop', name: '' }), 'loop');
});

test('a room on several nodes is one room', () => {
  const { cluster, node, take } = begun();
  const other = new TrueNode('n-2');
  node.spawn(node.keepers[0], { kind: 'room', name: 'both', members: 7, here: 4 });
  other.spawn(other.keepers[1], { kind: 'room', name: 'both', members: 7,
    here: 3, restarts: 2 });
  other.spawn(other.keepers[1], { kind: 'room', name: 'one', members: 9 });
  take(node.snapshot(), other.snapshot(),
    figures('n-1', 'run-1', 1, {}, { busiest: [{ name: 'both', per_second: 3 }] }),
    figures('n-2', 'run-1', 1, {}, { busiest: [{ name: 'both', per_second: 4 }] }));
  const shown = () => sortRooms(roomList(cluster), '-members').map((room) =>
    [room.name, room.members, room.restarts, room.rate, room.parts.length]);
  assert.deepEqual(shown(), [['one', 9, 0, undefined, 1], ['both', 7, 2, 4, 2]]);
  take({ type: 'gone', node: 'n-2' });
  assert.deepEqual(shown(), [['both', 7, 0, 3, 1]]);
});

test('the tree has rows for what is unfolded, and tells of what is not', () => {
  const { cluster, node, take } = begun();
  node.spawn(node.keepers[0], { kind: 'room', name: 'r' });
  const room = [...node.actors.values()].at(-1);
  node.spawn(node.keepers[1], { kind: 'room', name: 's' });
  node.keepers[1].more = 40;
  take(node.snapshot(), told(node, node.crash(room)));
  const rows = (isOpen, text = '') => treeRows(cluster,
    { isOpen, filter: actorFilter(text) }).map(({ actor, level, more, down }) =>
    `${level} ${actor ? called(actor) : `+${more}`}`
      + `${down ? ` ${down} down` : ''}`);
  assert.deepEqual(rows(() => false), ['1 node 1 down']);
  assert.deepEqual(rows(() => true), ['1 node', '2 loop 0', '3 audiences 0',
    '3 keeper', '4 room r', '2 loop 1', '3 audiences 1', '3 keeper', '4 room s',
    '4 +40']);
  assert.deepEqual(rows(() => false, 'is:down'),
    ['1 node', '2 loop 0', '3 keeper', '4 room r']);
  assert.deepEqual(rows(() => true, 'nobody'), []);
});

test('an address says what is looked at, whatever names hold', () => {
  const random = chance(seed);
  for (let i = 0; i < 200; ++i) {
    const text = () => String.fromCodePoint(...Array.from(
      { length: random.below(8) }, () => random.of([...'a?&=#@%+ /é😀"'])
        .codePointAt(0)));
    const params = { room: text(), q: text(), node: text() };
    const view = random.of(VIEWS);
    const read = readAddress(address(view, params));
    assert.equal(read.view, view);
    assert.deepEqual(Object.fromEntries(read.params), params);
    const key = readActorKey(actorKey(`x${text()}`, i));
    assert.equal(key.id, i);
  }
  assert.equal(readAddress('#nowhere?x=1').view, 'overview');
  assert.equal(readActorKey('x@n'), null);
  assert.equal(readActorKey(null), null);
});

test('numbers have units, and texts of others show what they hold', () => {
  assert.deepEqual([micros(7), micros(850), micros(1_240), micros(2.5e6)],
    ['7.00 µs', '850 µs', '1.24 ms', '2.50 s']);
  assert.deepEqual([bytes(0), bytes(1_023), bytes(1_536), bytes(312e6)],
    ['0 B', '1,023 B', '1.50 KiB', '298 MiB']);
  assert.deepEqual([rate(0), rate(0.52), rate(1_204), rate(undefined)],
    ['0/s', '0.5/s', '1,204/s', '–']);
  assert.deepEqual([duration(0), duration(61), duration(7_500), duration(90e3)],
    ['0 s', '1 min 1 s', '2 h 5 min', '1 d 1 h']);
  assert.deepEqual([about({ us: 5_000, isOver: true }), about(null)],
    ['> 5.00 ms', '–']);
  for (const [text, shown] of [['plain é 日本', 'plain é 日本'],
    ['a\u202eb', 'a\\u{202e}b'], ['\u0000\n\u007f', '\\x00\\x0a\\x7f'],
    ['\ud800', '\\u{d800}'], ['\u200b\ufeff\u2028', '\\u{200b}\\u{feff}\\u{2028}'],
    ['e\u0301\u0301\u0301', 'e\u0301\u0301\\u{301}']])
    assert.equal(printable(text), shown);
});
