// Which messages are one, and in which order they come.

import { deliveries, groupBy, scope } from './reading.mjs';

/** An epoch and an offset name one message, for ever. */
export function* identity(run) {
  const names = new Map();
  for (const { where, payload, witness } of positions(run)) {
    const first = names.get(where);
    if (!first) names.set(where, { payload, witness });
    else if (first.payload !== payload)
      yield ['one position names two messages', first.witness, witness];
  }
}

/** A message has one position in an epoch [P-3.4]. */
export function* moved(run) {
  const places = new Map();
  for (const { where, epoch, room, payload, offset, witness }
    of positions(run)) {
    const key = JSON.stringify([room, epoch, payload]);
    const first = places.get(key);
    if (!first) places.set(key, { offset, where, witness });
    else if (first.offset !== offset)
      yield ['one message has two positions', first.witness, witness];
  }
}

/** Everything that says which message is at which position. */
function* positions(run) {
  const place = (at, epoch, offset, payload, witness) => ({
    where: JSON.stringify([scope(run, at), epoch, offset]),
    room: scope(run, at), epoch, offset, payload, witness,
  });
  for (const message of run.messages.values())
    for (const ack of message.acks)
      if (ack.offset !== undefined)
        yield place(ack, ack.epoch, ack.offset, message.payload, ack);
  for (const stay of run.stays)
    for (const got of deliveries(stay))
      if (got.offset !== undefined)
        yield place(stay, got.epoch, got.offset, got.payload, got);
  for (const { asked, page } of run.pages)
    for (const { offset, payload } of page.messages)
      yield place(asked, page.epoch, offset, payload, page);
}

/** What comes was said in this room, by another. */
export function* nowhere(run) {
  for (const stay of run.stays)
    for (const got of stay.steps) {
      if (got.kind !== 'message') continue;
      const message = run.messages.get(got.payload);
      if (!message) yield ['nobody said this', got];
      else if (message.room !== got.room)
        yield ['said in another room', message.sends[0], got];
      else if (message.sends[0].n > got.n)
        yield ['came before it was said', got, message.sends[0]];
    }
  for (const { page } of run.pages)
    for (const { payload } of page.messages) {
      const message = run.messages.get(payload);
      if (!message) yield ['nobody said this', page];
      else if (message.room !== page.room)
        yield ['said in another room', message.sends[0], page];
    }
  for (const stray of run.strays)
    if (stray.kind === 'message') yield ['came to no member', stray];
}

/** Who says something does not hear it, but where it is replayed. */
export function* own(run) {
  for (const stay of run.stays) {
    let replayed = -1;
    let turned = -1;
    for (const step of stay.steps) {
      if (step.kind === 'joined') {
        replayed = step.recovered === true && run.profile.replaysOwn
          ? step.offset : -1;
        if (step.reason === 'epoch' && step.since === undefined)
          turned = step.n;
      }
      if (step.kind !== 'message' || step.offset <= replayed) continue;
      const message = run.messages.get(step.payload);
      // What it said over an earlier connection, or before it left, may come only
      // now [P-4.2.1], and what it said in an epoch that ended may be in the new
      // one [P-4.19].
      if (message?.sends.every(({ c, n }) => c === stay.c
        && n > Math.max(turned, stay.joined.n)))
        yield ['came back to who said it', message.sends[0], step];
    }
  }
}

/** Nobody gets a message twice. */
export function* twice(run) {
  // Where positions are a node's own, who comes to another node may hear again
  // there what it heard here.
  const wide = run.profile.positions === 'all';
  const memories = new Map();
  for (const stay of run.stays) {
    const key = JSON.stringify([wide ? stay.session : stay.c, stay.room]);
    const seen = memories.get(key) ?? new Map();
    memories.set(key, seen);
    const forgets = forgetter(stay);
    for (const step of stay.steps) {
      if (forgets(step)) seen.clear();
      if (step.kind !== 'message') continue;
      const first = seen.get(step.payload);
      if (first) yield ['came twice', first, step];
      else seen.set(step.payload, step);
    }
  }
}

/**
 * Whether from a step of the stay on, asked in their order, what came before it
 * may come again: what a lost epoch held may be said anew, since its loss was
 * told, and who joins without `since` asks for no memory at all.
 */
function forgetter(stay) {
  let epoch = stay.joined.since?.epoch;
  return (step) => {
    if (step.kind !== 'joined') return false;
    const lost = step.recovered === false && step.epoch !== epoch;
    ({ epoch } = step);
    return lost || step.recovered === undefined;
  };
}

/** What one connection says arrives in its order. */
export function* fifo(run) {
  for (const stay of run.stays) {
    const last = new Map();
    const forgets = forgetter(stay);
    for (const got of stay.steps) {
      if (forgets(got)) last.clear();
      if (got.kind !== 'message') continue;
      const sends = run.messages.get(got.payload)?.sends;
      // One that was sent again was perhaps not accepted the first time.
      if (sends?.length !== 1) continue;
      const before = last.get(sends[0].c);
      if (before && before.send.n > sends[0].n)
        yield ['an older message came after a newer one of its sender',
          sends[0], before.send, before.got, got];
      else last.set(sends[0].c, { send: sends[0], got });
    }
  }
}

/** Members see their messages in one order. */
export function* oneOrder(run) {
  const views = [];
  for (const stay of run.stays)
    for (const [epoch, got] of groupBy(deliveries(stay), (d) => d.epoch))
      views.push({ where: JSON.stringify([scope(run, stay), epoch]), got });
  for (const group of groupBy(views, (view) => view.where).values())
    for (const [index, one] of group.entries()) {
      const rank = new Map(one.got.map((got, i) => [got.payload, i]));
      for (const other of group.slice(index + 1)) {
        const pair = inversion(one.got, rank, other.got);
        if (pair) yield ['two members see two messages in two orders', ...pair];
      }
    }
}

/** Two messages that `got` has the other way round than `rank`. */
function inversion(first, rank, got) {
  let last = null;
  for (const item of got) {
    const place = rank.get(item.payload);
    if (place === undefined) continue;
    if (last && place < rank.get(last.payload))
      return [first[place], first[rank.get(last.payload)], last, item];
    last = item;
  }
  return null;
}
