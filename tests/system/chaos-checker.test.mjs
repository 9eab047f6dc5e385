// The checker of histories: what breaks a promise is refused by its rule's
// name, and the same history without the break is accepted.

import assert from 'node:assert/strict';

import { RULES, check, describe } from './chaos/check.mjs';
import { History } from './chaos/history.mjs';
import { idealHistory } from './chaos/ideal.mjs';
import { test } from './support/test.mjs';

/** A history by hand: lines of `kind`, and the rest of the event. */
function history(profile, ...lines) {
  const made = new History();
  made.record('run', { profile });
  for (const [kind, c, fields] of lines)
    made.record(kind, { c, room: 'r', ...fields });
  return made.events;
}

const open = (c, node = 'n1', session = `s-${c}`) => ['open', c,
  { client: c.split('.')[0], session, node, connectionId: `c-${c}` }];
const joined = (c, offset, fields = {}) =>
  ['joined', c, { order: 'fifo', epoch: 'e', offset, ...fields }];
const said = (c, id) => ['publish', c, { id, payload: `${c}/${id}` }];
const ack = (c, id, offset, epoch = 'e') => ['ack', c, { id, epoch, offset }];
const got = (c, payload, offset) => ['message', c, { payload, offset }];
const whisper = (c, id, ...to) =>
  ['direct', c, { id, to, payload: `${c}->${id}` }];
const counted = (c, id, delivered) => ['ack', c, { id, delivered }];
const handed = (c, payload) => ['handed', c, { payload }];
const ask = (c, fields = {}) => ['ask', c, { id: 'ask', limit: 100, ...fields }];
const page = (c, offset, messages, fields = {}) => ['page', c, { id: 'ask',
  epoch: 'e', offset, bytes: 0, messages, ...fields }];
const kept = (payload, offset, id) => ({ payload, offset, id });
const set = (c, id, how = {}) =>
  ['set', c, { id, key: 'k', value: `${c}=${id}`, ...how }];
const versioned = (c, id, version) => ['ack', c, { id, version }];
const holds = (c, value, version, at) => ['state', c,
  { changes: [{ key: 'k', value, version }], at }];
const list = (c, ...members) =>
  ['list', c, { members: members.map((m) => `c-${m}`) }];
const quiet = ['quiet'];

const rules = (events) => check(events).map(({ rule }) => rule);

function accepted(events) {
  assert.equal(describe(check(events)), '');
}

function refused(rule, events) {
  assert.ok(Object.hasOwn(RULES, rule), `there is a rule ${rule}`);
  const found = check(events);
  assert.ok(found.some((complaint) => complaint.rule === rule),
    `not refused by ${rule}, but: ${describe(found) || 'accepted'}`);
  assert.ok(found.every(({ witnesses }) =>
    witnesses.length > 0 && witnesses.length <= 4), describe(found));
}

/** Two members, of whom ada says two things. */
const pair = [open('ada'), open('bob'),
  joined('ada', 0), joined('bob', 0), said('ada', 1), ack('ada', 1, 1),
  said('ada', 2), ack('ada', 2, 2)];

/** Told `degraded`, and then that all is well. */
const parted = (...between) => [...pair, got('bob', 'ada/1', 1),
  ['degraded', 'bob', { at: 900 }], ...between, ['healed', 'bob', {}]];

/** And three, of whom nobody has said anything. */
const trio = ['ada', 'bob', 'cid'].flatMap((c) => [open(c), joined(c, 0)]);

const BY_HAND = {
  'answered [P-3.3]': [
    [...pair, got('bob', 'ada/1', 1), got('bob', 'ada/2', 2),
      said('bob', 'x'), quiet],
    // The connection ended, so nobody knows.
    [...pair, got('bob', 'ada/1', 1), got('bob', 'ada/2', 2),
      said('bob', 'x'), ['close', 'bob', {}], quiet]],
  'order': [
    [open('ada'), joined('ada', 0, { order: 'total' })],
    [open('ada'), joined('ada', 0)]],
  'nowhere': [
    [...pair, got('bob', 'eve/1', 1)],
    [...pair, got('bob', 'ada/1', 1)]],
  'own [P-3.3]': [
    [...pair, got('ada', 'ada/1', 1)],
    pair],
  'twice [P-4.1]': [
    [...pair, got('bob', 'ada/1', 1), got('bob', 'ada/1', 2)],
    [...pair, got('bob', 'ada/1', 1), got('bob', 'ada/2', 2)]],
  'identity': [
    [...pair, open('cid'), joined('cid', 0), got('bob', 'ada/1', 1),
      got('cid', 'ada/2', 1)],
    // On another node, offsets are others.
    [...pair, open('cid', 'n2'), joined('cid', 0), got('bob', 'ada/1', 1),
      got('cid', 'ada/2', 1)]],
  'moved [P-3.4]': [
    [...pair, said('ada', 1), ack('ada', 1, 3)],
    [...pair, said('ada', 1), ack('ada', 1, 1)]],
  'fifo [P-9.1]': [
    [...pair, open('cid', 'n2'), joined('cid', 0), got('cid', 'ada/2', 1),
      got('cid', 'ada/1', 2)],
    // Sent again, it is perhaps only now that it was accepted.
    [...pair, open('cid', 'n2'), said('ada', 1), ack('ada', 1, 1),
      joined('cid', 0), got('cid', 'ada/2', 1), got('cid', 'ada/1', 2)]],
  'one-order': [
    [...pair, open('cid'), joined('cid', 0), open('dan'), joined('dan', 0),
      got('cid', 'ada/1', 1), got('cid', 'ada/2', 2), got('dan', 'ada/2', 1),
      got('dan', 'ada/1', 2)],
    [...pair, open('cid'), joined('cid', 0), open('dan'), joined('dan', 0),
      got('cid', 'ada/1', 1), got('cid', 'ada/2', 2), got('dan', 'ada/1', 1),
      got('dan', 'ada/2', 2)]],
  'jump [P-4.1]': [
    [...pair, got('bob', 'ada/2', 2)],
    [...pair, ['gap', 'bob', { epoch: 'e', from: 1, to: 1 }],
      got('bob', 'ada/2', 2)]],
  'recovered [P-4.2]': [
    [...pair, open('bob.2'), joined('bob.2', 2,
      { since: { epoch: 'e', offset: 0 }, recovered: true }),
    got('bob.2', 'ada/2', 2)],
    [...pair, open('bob.2'), joined('bob.2', 2,
      { since: { epoch: 'e', offset: 0 }, recovered: true }),
    got('bob.2', 'ada/1', 1), got('bob.2', 'ada/2', 2)]],
  'overtaken [P-4.14]': [
    [...pair, said('bob', 1), got('bob', 'ada/1', 1), got('bob', 'ada/2', 3),
      ack('bob', 1, 2)],
    [...pair, said('bob', 1), ack('bob', 1, 2), got('bob', 'ada/1', 1),
      got('bob', 'ada/2', 3)]],
  'missing': [
    [...pair, got('bob', 'ada/1', 1), quiet],
    [...pair, got('bob', 'ada/1', 1), got('bob', 'ada/2', 2), quiet]],
  'directed [P-3.7]': [
    [...trio, whisper('ada', 1, 'bob'), handed('cid', 'ada->1')],
    [...trio, whisper('ada', 1, 'bob'), handed('bob', 'ada->1')]],
  'delivered [P-3.7]': [
    [...trio, whisper('ada', 1, 'bob'), counted('ada', 1, 1), quiet],
    [...trio, whisper('ada', 1, 'bob'), counted('ada', 1, 1),
      handed('bob', 'ada->1'), quiet]],
  'history [P-3.16]': [
    [...pair, said('ada', 3), ack('ada', 3, 3), ask('bob'),
      page('bob', 3, [kept('ada/1', 1), kept('ada/3', 3)])],
    [...pair, said('ada', 3), ack('ada', 3, 3), ask('bob'),
      page('bob', 3, [kept('ada/1', 1), kept('ada/2', 2), kept('ada/3', 3)])]],
  'bound [P-3.17]': [
    [open('ada'), open('bob'), joined('ada', 0), joined('bob', 0),
      set('ada', 1, { bound: true }), versioned('ada', 1, 1),
      holds('bob', 'ada=1', 1), ['close', 'ada', {}], quiet],
    [open('ada'), open('bob'), joined('ada', 0), joined('bob', 0),
      set('ada', 1, { bound: true }), versioned('ada', 1, 1),
      holds('bob', 'ada=1', 1), ['close', 'ada', {}], holds('bob', null, 2),
      quiet]],
  'ttl [P-3.17]': [
    [open('ada'), joined('ada', 0), set('ada', 1, { ttl: 1000, at: 100 }),
      holds('ada', 'ada=1', 1, 110), holds('ada', null, 2, 1000)],
    [open('ada'), joined('ada', 0), set('ada', 1, { ttl: 1000, at: 100 }),
      holds('ada', 'ada=1', 1, 110), holds('ada', null, 2, 1101)]],
  'healed [P-9.7]': [parted(), parted(got('bob', 'ada/2', 2))],
  'presence': [
    [open('ada'), joined('ada', 0, { members: ['c-ada'] }),
      list('ada', 'ada', 'bob'), quiet],
    [open('ada'), joined('ada', 0, { members: ['c-ada'] }),
      list('ada', 'ada'), quiet]],
  'state [P-4.6]': [
    [open('ada'), joined('ada', 0),
      ['state', 'ada', { changes: [{ key: 'k', value: 1, version: 2 }] }],
      ['state', 'ada', { changes: [{ key: 'k', value: 0, version: 1 }] }]],
    [open('ada'), joined('ada', 0),
      ['state', 'ada', { changes: [{ key: 'k', value: 0, version: 1 }] }],
      ['state', 'ada', { changes: [{ key: 'k', value: 1, version: 2 }] }]]],
  'rest': [
    [open('ada'), joined('ada', 0), ['unrest', null, { what: 'no ack' }]],
    [open('ada'), joined('ada', 0)]],
};

for (const [rule, [bad, good]] of Object.entries(BY_HAND))
  test(`${rule} is refused by its name, and nothing else is`, () => {
    const profile = rule.startsWith('healed') ? 'total' : 'fifo';
    refused(rule, history(profile, ...bad));
    assert.ok(!rules(history(profile, ...good)).includes(rule),
      describe(check(history(profile, ...good))));
  });

test('[P-9.7] healed may be said behind a gap and own words, or a new epoch',
  () => {
    const isFine = (...between) =>
      !rules(history('total', ...parted(...between))).includes('healed [P-9.7]');
    assert.ok(isFine(['gap', 'bob', { epoch: 'e', from: 2, to: 2 }]));
    assert.ok(isFine(joined('bob', 1, { epoch: 'f', reason: 'epoch' })));
    assert.ok(!isFine(said('ada', 3), ack('ada', 3, 3)));
    assert.ok(!rules(history('fifo', ...parted())).includes('healed [P-9.7]'));
  });

test('every rule has a history that breaks it', () => {
  assert.deepEqual(Object.keys(BY_HAND).sort(), Object.keys(RULES).sort());
});

test('a loss across nodes is excused while faults are felt, in fifo alone',
  () => {
    const across = (profile, calm, order = profile) => history(profile,
      open('ada', 'n1'), open('bob', 'n2'), joined('ada', 0, { order }),
      joined('bob', 0, { order, epoch: profile === 'total' ? 'e' : 'f' }),
      ['calm', null, { calm }], said('ada', 1), ack('ada', 1, 1),
      ['calm', null, { calm: true }], quiet);
    refused('missing', across('fifo', true));
    assert.ok(!rules(across('fifo', false)).includes('missing'));
    refused('missing', across('total', false));
  });

test('one message may come again in a new epoch whose beginning was told',
  () => {
    const again = (recovered) => history('total', open('ada'), open('bob', 'n2'),
      joined('ada', 0, { order: 'total' }), joined('bob', 0, { order: 'total' }),
      said('ada', 1), ack('ada', 1, 1), got('bob', 'ada/1', 1),
      joined('bob', 0, { order: 'total', epoch: 'f', recovered }),
      got('bob', 'ada/1', 1));
    refused('twice [P-4.1]', again(true));
    assert.ok(!rules(again(false)).includes('twice [P-4.1]'));
  });

test('two messages of one sender may come again behind a loss that was told',
  () => {
    // Neither was acked when the epoch was lost, so both are said anew.
    const again = (recovered) => history('total', open('ada'), open('bob', 'n2'),
      joined('ada', 0, { order: 'total' }), joined('bob', 0, { order: 'total' }),
      said('ada', 1), said('ada', 2), got('bob', 'ada/1', 1),
      got('bob', 'ada/2', 2),
      joined('bob', 0, { order: 'total', epoch: 'f', recovered }),
      got('bob', 'ada/1', 1), got('bob', 'ada/2', 2));
    refused('fifo [P-9.1]', again(true));
    assert.ok(!rules(again(false)).includes('fifo [P-9.1]'));
    // In the new epoch, their order holds as before.
    refused('fifo [P-9.1]', history('total', open('ada'), open('bob', 'n2'),
      joined('ada', 0, { order: 'total' }), joined('bob', 0, { order: 'total' }),
      said('ada', 1), said('ada', 2),
      joined('bob', 0, { order: 'total', epoch: 'f', recovered: false }),
      got('bob', 'ada/2', 1), got('bob', 'ada/1', 2)));
  });

test('an epoch that goes on with nothing lost says where its members are',
  () => {
    const on = (from) => history('total', open('ada'), open('bob', 'n2'),
      joined('ada', 0, { order: 'total' }), joined('bob', 0, { order: 'total' }),
      said('ada', 1), ack('ada', 1, 1), got('bob', 'ada/1', 1),
      joined('bob', from, { order: 'total', epoch: 'f', recovered: true }));
    accepted(on(1));
    refused('recovered [P-4.2]', on(0));
    refused('recovered [P-4.2]', on(2));
  });

/** What the rule says of a history; nothing where it does not complain. */
const saying = (rule, ...lines) => check(history('fifo', ...lines))
  .find((found) => found.rule === rule)?.what;

test('[P-3.7] messages to some come to nobody else, once, and to all of them',
  () => {
    const says = (...steps) => saying('directed [P-3.7]', ...trio,
      whisper('ada', 1, 'bob', 'c-cid', 'ada'), ...steps);
    const got = (c) => handed(c, 'ada->1');
    assert.equal(says(got('bob'), got('cid')), undefined);
    assert.match(says(got('bob'), got('bob')), /twice/);
    assert.match(says(got('ada')), /back to who said it/);
    assert.match(says(handed('bob', 'ada->2')), /to nobody/);
    assert.match(says(open('dan'), joined('dan', 0), got('dan')), /not named/);
    assert.match(says(['handed', 'bob', { payload: 'ada->1', id: 1 }]), /id/);
    assert.match(says(['handed', 'bob', { room: 'q', payload: 'ada->1' }]),
      /no member/);
  });

test('[P-3.7] who is there is counted, and on another node had without faults',
  () => {
    const says = (...steps) => saying('delivered [P-3.7]', ...steps);
    const sent = [whisper('ada', 1, 'bob'), counted('ada', 1, 0), quiet];
    assert.match(says(...trio, ...sent), /not counted/);
    const apart = [open('ada'), joined('ada', 0), open('bob', 'n2'),
      joined('bob', 0)];
    assert.match(says(...apart, ...sent), /never came to bob/);
    assert.equal(says(...apart, ['calm', null, { calm: false }], ...sent),
      undefined);
    assert.equal(says(open('ada'), joined('ada', 0), open('bob'), ...sent),
      undefined, 'who has not joined is not there');
    assert.equal(says(...trio, whisper('ada', 1, 'bob'), ['close', 'bob', {}],
      counted('ada', 1, 0), quiet), undefined, 'nor who has gone');
  });

test('[P-3.16] pages have no hole, and what is held', () => {
  const three = [...pair, said('ada', 3), ack('ada', 3, 3)];
  const all = [kept('ada/1', 1), kept('ada/2', 2), kept('ada/3', 3)];
  const says = (asked, messages, fields) => saying('history [P-3.16]',
    ...three, got('bob', 'ada/1', 1), got('bob', 'ada/2', 2),
    got('bob', 'ada/3', 3), ask('bob', asked), page('bob', 3, messages, fields));
  assert.equal(says({}, all), undefined);
  assert.equal(says({ limit: 2 }, all.slice(1)), undefined);
  assert.equal(says({ from: 1, limit: 2 }, all.slice(0, 2)), undefined);
  assert.equal(says({ from: 4 }, []), undefined);
  assert.match(says({}, []), /ends before 3/);
  assert.match(says({}, all.slice(0, 2)), /ends before 3/);
  assert.match(says({}, all.slice(1)), /begins behind 1/);
  assert.match(says({ from: 2 }, all), /begins before/);
  assert.match(says({ from: 1 }, all.slice(1)), /begins behind 1/);
  assert.match(says({ limit: 2 }, all), /more than was asked/);
  assert.match(says({}, [all[0], all[0], ...all.slice(1)]), /left out/);
  assert.match(says({}, all, { offset: 2 }), /behind where the room is/);
  assert.match(says({}, all, { epoch: 'f' }), /another epoch/);
  assert.match(says({}, [kept('ada/1', 1, 1), ...all.slice(1)]), /id of another/);
});

test('[P-4.2.1] a page has the ids of its own session', () => {
  const says = (id) => saying('history [P-3.16]', ...pair, ask('ada'),
    page('ada', 2, [kept('ada/1', 1, 1), kept('ada/2', 2, id)]));
  assert.equal(says(2), undefined);
  assert.match(says(undefined), /lacks the id/);
  assert.match(says('2'), /lacks the id/);
});

test('what a page has is what members saw', () => {
  const shown = (...messages) => rules(history('fifo', ...pair,
    got('bob', 'ada/1', 1), ask('bob'), page('bob', 2, messages)));
  assert.deepEqual(shown(kept('ada/1', 1), kept('ada/2', 2)), []);
  assert.ok(shown(kept('ada/2', 1), kept('ada/1', 2)).includes('identity'));
  assert.ok(shown(kept('ada/1', 1), kept('eve/1', 2)).includes('nowhere'));
});

test('[P-3.17] what is bound stays with its connection', () => {
  const bob = [open('ada'), open('bob'), joined('ada', 0), joined('bob', 0)];
  const says = (...steps) => saying('bound [P-3.17]', ...bob,
    set('ada', 1, { bound: true }), versioned('ada', 1, 1), ...steps, quiet);
  const told = [holds('ada', 'ada=1', 1), holds('bob', 'ada=1', 1)];
  assert.equal(says(...told), undefined);
  assert.match(says(told[0]), /bob has nothing/);
  assert.match(says(...told, holds('bob', null, 2)), /bob has nothing/);
  const gone = [...told, ['close', 'ada', {}]];
  assert.match(says(...gone), /its connection is not/);
  // The same connection, as others see it, that was resumed.
  assert.equal(says(...gone, ['open', 'ada.2', { client: 'ada', node: 'n1',
    session: 's-ada', connectionId: 'c-ada' }], joined('ada.2', 0,
    { state: [{ key: 'k', value: 'ada=1', version: 1 }] })), undefined);
});

test('[P-3.17] what has a time goes then, unless a fault took it before', () => {
  const says = (profile, ...steps) => check(history(profile, open('ada'),
    joined('ada', 0, { order: profile }), ...steps))
    .find((found) => found.rule === 'ttl [P-3.17]')?.what;
  const lasting = (until, ...between) => [
    set('ada', 1, { ttl: 1000, at: 100 }), ['ack', 'ada', { id: 1, version: 1,
      at: 105 }], holds('ada', 'ada=1', 1, 110), ...between,
    holds('ada', null, 2, until)];
  const fault = (what, state) => ['fault', null, { what, node: 0, state }];
  assert.match(says('total', ...lasting(1000)), /before its time/);
  assert.match(says('total', ...lasting(9000)), /long after its time/);
  const flushed = fault('redis-flush', 'begins');
  assert.equal(says('total', ...lasting(1000, flushed)), undefined);
  assert.match(says('fifo', ...lasting(1000, flushed)), /before its time/);
  assert.match(says('total', flushed, fault('redis-flush', 'ended'),
    ...lasting(1000)), /before its time/);
  const [put, answer, told] = lasting(0);
  assert.match(says('total', put, answer, told, ['quiet', null, { at: 9000 }]),
    /its time is over/);
  assert.equal(says('total', put, answer, told, ['quiet', null, { at: 900 }]),
    undefined);
});

test('[P-4.6] a value that was left out may have gone in time', () => {
  const says = (userId, ...between) => check(history('total', open('ada'),
    open('bob', 'n2'), joined('ada', 0, { order: 'total' }),
    joined('bob', 0, { order: 'total' }),
    set('ada', 1, { ttl: 1000, at: 100 }),
    ['ack', 'ada', { id: 1, version: 1, at: 105 }],
    holds('ada', 'ada=1', 1, 110), set('bob', 1, { ttl: 200, at: 120 }),
    ['ack', 'bob', { id: 1, version: 2, at: 130 }], ...between,
    ['state', 'ada', { at: 400, changes: [
      { key: 'k', value: null, version: 3, userId }] }]))
    .find((found) => found.rule === 'ttl [P-3.17]')?.what;
  assert.equal(says('bob'), undefined);
  assert.match(says('ada'), /before its time/);
  assert.equal(says(undefined), undefined);
  // Cut off in between, a node knows of ada's value only.
  const cut = ['fault', null, { what: 'link-refuse', link: 0, state: 'begins' }];
  assert.equal(says('ada', cut), undefined);
});

test('[P-3.7] who has asked to leave need not be counted', () => {
  const says = (...steps) => saying('delivered [P-3.7]', ...trio, ...steps,
    whisper('ada', 1, 'bob'), counted('ada', 1, 0));
  assert.match(says(), /not counted/);
  assert.equal(says(['leave', 'bob', {}]), undefined);
});

test('[P-9.7] who reads slowly hears late that all is well', () => {
  const slow = (client) => ['fault', null, { what: 'client-slow', client, at: 1 }];
  const says = (client) => rules(history('total',
    open('m1'), joined('m1', 0), open('ada'), joined('ada', 0), slow(client),
    said('ada', 1), ack('ada', 1, 1), ['degraded', 'm1', { at: 900 }],
    ['healed', 'm1', { at: 901 }])).includes('healed [P-9.7]');
  assert.ok(says(2));
  assert.ok(!says(1));
});

test('recovered, and nothing follows until all is quiet', () => {
  refused('recovered [P-4.2]', history('fifo', ...pair, open('bob.2'),
    joined('bob.2', 2, { since: { epoch: 'e', offset: 0 }, recovered: true }),
    quiet));
});

test('in total order, a replay holds what the member itself said', () => {
  const back = (...replay) => history('total', open('ada', 'n1', 's'),
    joined('ada', 0, { order: 'total' }), said('ada', 1),
    ['close', 'ada', {}], open('ada.2', 'n2', 's'),
    joined('ada.2', 1, { order: 'total', since: { epoch: 'e', offset: 0 },
      recovered: true }), ...replay, said('ada.2', 2), ack('ada.2', 2, 2),
    list('ada.2', 'ada.2'), quiet);
  refused('recovered [P-4.2]', back());
  assert.ok(!rules(back(got('ada.2', 'ada/1', 1)))
    .some((rule) => /recovered|own/.test(rule)));
});

test('[P-4.19] in a new epoch comes also what the member itself said before',
  () => {
    const turned = joined('ada', 0, { order: 'total', epoch: 'f',
      reason: 'epoch', recovered: false });
    const after = (...steps) => rules(history('total', open('ada'),
      joined('ada', 0, { order: 'total' }), said('ada', 1),
      ack('ada', 1, 1), ...steps)).includes('own [P-3.3]');
    assert.ok(!after(turned, got('ada', 'ada/1', 1)));
    assert.ok(after(got('ada', 'ada/1', 1)), 'nothing has turned');
    assert.ok(after(turned, said('ada', 2), ack('ada', 2, 1, 'f'),
      got('ada', 'ada/2', 1)), 'said in the new epoch');
  });

const isGone = ({ kind, changes }, name) => kind === 'state'
  && changes[0].key === name && changes[0].value === null;

/** Falsifies the last event of a kind that `where` likes; gives the rule. */
const FALSIFIED = {
  'a delivery that was forgotten': [(m) => m.kind === 'message',
    () => [], /jump|recovered|missing/],
  'a delivery that came twice': [(m) => m.kind === 'message',
    (m) => [m, m], /twice/],
  'an offset that is another': [(m) => m.kind === 'message',
    (m) => [{ ...m, offset: m.offset + 1000 }], /moved/],
  'an ack that never came': [(m) => m.kind === 'ack' && !m.duplicate,
    () => [], /answered/],
  'an ack with another offset': [
    (m) => m.kind === 'ack' && m.offset !== undefined,
    (m) => [{ ...m, offset: m.offset - 1 }], /identity|moved/],
  'a message that nobody said': [(m) => m.kind === 'message',
    (m) => [{ ...m, payload: 'eve/1' }], /nowhere/],
  'a list that lacks one': [(m) => m.kind === 'list',
    (m) => [{ ...m, members: m.members.slice(1) }], /presence/],
  'a difference that was not told': [(m) => m.kind === 'presence' && m.joined,
    () => [], /presence/],
  'what was said to some and never came': [(m) => m.kind === 'handed',
    () => [], /delivered/],
  'what was said to some and came to another': [(m) => m.kind === 'handed',
    (m) => [{ ...m, payload: 'm0->w1000' }], /directed/],
  'a page that lacks one': [
    (m) => m.kind === 'page' && m.messages.length > 2,
    (m) => [{ ...m, messages: m.messages.filter((_, i) => i !== 1) }],
    /history/],
  'a page that has another': [
    (m) => m.kind === 'page' && m.messages.length > 1,
    (m) => [{ ...m, messages: m.messages.map((message) =>
      ({ ...message, payload: m.messages[0].payload })) }],
    /identity|moved/],
  'a bound key that stays': [(m) => isGone(m, 'seat'), () => [], /bound/],
  'a bound key that goes': [(m) => m.kind === 'state'
    && m.changes[0].key === 'seat of one',
  (m) => [m, { ...m, changes: [{ ...m.changes[0], value: null }] }], /bound/],
  'a key that stays beyond its time': [(m) => isGone(m, 'flash'),
    (m) => [{ ...m, at: m.at + 9000 }], /ttl/],
  'a key that goes before its time': [(m) => isGone(m, 'flash'),
    (m) => [{ ...m, at: m.at - 800 }], /ttl/],
  'a value that is another': [(m) => m.kind === 'state'
    && m.changes[0].key === 'topic',
    (m) => [{ ...m, changes: [{ ...m.changes[0], value: 'other' }] }],
    /state/],
};

for (const profile of ['single', 'total']) {
  test(`what a perfect cluster does is accepted (${profile})`, () => {
    for (let seed = 1; seed <= 40; ++seed)
      accepted(idealHistory(seed, profile));
  });

  for (const [name, [where, change, rule]] of Object.entries(FALSIFIED))
    test(`${name} is refused in any history (${profile})`, () => {
      for (let seed = 1; seed <= 20; ++seed) {
        const events = idealHistory(seed, profile);
        const at = events.findLastIndex(where);
        if (at < 0) continue;
        const falsified = events.flatMap((event, i) =>
          (i === at ? change(event) : [event]))
          .map((event, n) => ({ ...event, n }));
        assert.match(rules(falsified).join(), rule, `seed ${seed}`);
      }
    });
}
