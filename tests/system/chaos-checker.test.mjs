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
    refused(rule, history('fifo', ...bad));
    assert.ok(!rules(history('fifo', ...good)).includes(rule),
      describe(check(history('fifo', ...good))));
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
  'a value that is another': [(m) => m.kind === 'state',
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
