// Pages of what a room keeps. That they hold what members saw, at the same
// places, is asked by the rules of positions (`identity`, `moved`, `nowhere`).

import { placeOf } from './reading.mjs';
import { knownPositions } from './rules-loss.mjs';

/** So many messages are in a page at most, and kept. */
const MOST = 1000;

/** A page, or what is kept, may end with so many bytes, a node's half. */
const PAGE_BYTES = 16 * 1024;
const KEPT_BYTES = 128 * 1024;

/** What each message counts there beside its text. */
const PAGE_OVERHEAD = 160;
const KEPT_OVERHEAD = 256;

/** A page has no hole, and what was asked for. */
export function* history(run) {
  const beginnings = beginningsOf(run);
  const known = knownPositions(run);
  for (const stay of run.stays) {
    let period = null;
    let newest = 0; // Where it knows a message of this epoch.
    const asked = new Map();
    for (const step of stay.steps) {
      if (step.kind === 'joined') {
        if (step.epoch !== period?.epoch) newest = 0;
        period = step;
      }
      // A message in a log that nodes share is acked before the node of its
      // sender has what others said before it.
      if (step.kind === 'message' || step.kind === 'ack'
        && run.profile.positions === 'node' && step.epoch === period.epoch)
        newest = Math.max(newest, step.offset ?? 0);
      if (step.kind === 'ask')
        asked.set(step.id, { ...step, epoch: period.epoch, newest });
      if (step.kind !== 'page') continue;
      if (step.epoch !== period.epoch) {
        yield ['is of another epoch than its room', period, step];
        continue;
      }
      const ask = asked.get(step.id);
      const place = placeOf(run, stay, step.epoch);
      const top = known.get(place)?.findLast(({ n }) => n < step.n)?.offset ?? 0;
      const isGone = (offset) => offset <= beginnings.get(place)
        || isTrimmed(run, Math.max(top, step.offset) - offset);
      for (const what of faults({ ask, page: step, isGone }))
        yield [what, ask, step];
      for (const what of strangers(run, stay, step)) yield [what, ask, step];
    }
  }
}

/** The first position of each epoch that any member was told. */
function beginningsOf(run) {
  const found = new Map();
  for (const stay of run.stays)
    for (const { epoch, offset } of stay.periods) {
      const place = placeOf(run, stay, epoch);
      found.set(place, Math.min(offset, found.get(place) ?? Infinity));
    }
  return found;
}

function* faults({ ask, page, isGone }) {
  const { messages } = page;
  const first = messages[0]?.offset;
  const last = messages.at(-1)?.offset ?? 0;
  if (messages.some(({ offset }, i) => offset !== first + i))
    yield 'offsets are left out';
  if (messages.length > Math.min(ask.limit, MOST)) yield 'is more than was asked for';
  if (last > page.offset) yield 'goes on behind where the room is';
  // What came between the question and its answer may be there or not.
  const newest = ask.epoch === page.epoch ? ask.newest : 0;
  if (page.offset < newest) yield `says less than ${newest}, which was known`;
  const isFull = messages.length === Math.min(ask.limit, MOST)
    || page.bytes + messages.length * PAGE_OVERHEAD >= PAGE_BYTES;
  const isCut = ask.from !== undefined && isFull;
  if (last < newest && newest >= (ask.from ?? 0) && !isCut && !isGone(newest))
    yield `ends before ${newest}, which was known`;
  if (first === undefined) return;
  if (ask.from !== undefined && first < ask.from)
    yield 'begins before what was asked for';
  // Asked for in an epoch that ended, the newest are those of its offsets.
  const wanted = ask.from
    ?? (isFull || ask.epoch !== page.epoch ? first : 1);
  if (first > wanted && !isGone(first - 1))
    yield `begins behind ${wanted}, which must be held`;
}

/** Whether so many newer messages may have taken the place of one. */
const isTrimmed = (run, newer) => newer >= MOST
  || newer * (KEPT_OVERHEAD + (run.events[0].bytes ?? 0)) >= KEPT_BYTES;

/** It has the ids of its session's messages, and no other [P-4.2.1]. */
function* strangers(run, stay, { messages }) {
  for (const { payload, id } of messages) {
    const message = run.messages.get(payload);
    if (!message) continue; // The rule `nowhere` says so.
    if (message.session === stay.session && id !== message.id)
      yield `${payload} lacks the id of its own session`;
    if (message.session !== stay.session && id !== undefined)
      yield `${payload} has the id of another session`;
  }
}
