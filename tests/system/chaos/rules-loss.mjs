// Nothing is lost silently.

import { deliveries, groupBy, placeOf, scope } from './reading.mjs';

/**
 * Offsets go on without a hole that was not announced, and never back [P-4.1];
 * and who is told that it has recovered gets all since then [P-4.2].
 */
export function* jump(run) {
  for (const found of walks(run))
    if (found.rule === 'jump') yield found.complaint;
}

export function* recovered(run) {
  for (const found of walks(run))
    if (found.rule === 'recovered') yield found.complaint;
}

/** No message with a larger offset overtakes an ack [P-4.14]. */
export function* overtaken(run) {
  for (const found of walks(run))
    if (found.rule === 'overtaken') yield found.complaint;
}

function* walks(run) {
  const sessions = groupBy(run.stays, (stay) =>
    JSON.stringify([stay.session, stay.room]));
  const owners = whoSaid(run);
  for (const stay of run.stays) yield* walk(run, stay, sessions, owners);
}

/** The session that said what is at a position, as far as anybody knows. */
function whoSaid(run) {
  const owners = new Map();
  for (const message of run.messages.values())
    for (const ack of message.acks)
      owners.set(JSON.stringify([scope(run, ack), ack.epoch, ack.offset]),
        message.session);
  for (const stay of run.stays)
    for (const { epoch, offset, payload } of deliveries(stay))
      if (run.messages.has(payload))
        owners.set(JSON.stringify([scope(run, stay), epoch, offset]),
          run.messages.get(payload).session);
  return owners;
}

/** Goes through the steps of a stay and keeps account of where it is. */
function* walk(run, stay, sessions, owners) {
  const own = new Set(); // Offsets of this epoch that acks told.
  const gaps = [];
  let at = null;
  let period = null;
  // A session that had another connection may have said there what this one
  // is never told of.
  const before = sessions.get(JSON.stringify([stay.session, stay.room]))
    .filter((other) => other.c !== stay.c).map((other) => other.c);
  let lost = run.sends.filter((send) => send.kind === 'publish'
    && before.includes(send.c) && send.room === stay.room
    && send.answers.length === 0).length;

  // What acks will have told when the connection ends, and how many it owes.
  const late = new Map(stay.steps.filter(({ kind }) => kind === 'ack')
    .map((ack) => [JSON.stringify([ack.epoch, ack.offset]), ack]));
  let owed = stay.ended === null ? [] : run.sends.filter((send) =>
    send.kind === 'publish' && send.c === stay.c && send.room === stay.room
    && send.answers.length === 0);

  const excused = (offset) => {
    if (gaps.some(({ from, to }) => from <= offset && offset <= to))
      return true;
    if (isReplay(run, period, offset)) return false;
    if (own.has(offset)) return true;
    const owner = owners.get(
      JSON.stringify([scope(run, stay), period.epoch, offset]));
    if (before.length === 0) return false;
    return owner === stay.session || (owner === undefined && lost-- > 0);
  };
  const hole = function* (end, witness) {
    for (let offset = at + 1; offset < end; ++offset) {
      if (excused(offset)) continue;
      const ack = late.get(JSON.stringify([period.epoch, offset]));
      // A message with a larger offset is a send's last chance to be one's own.
      const send = owed.find(({ n }) => n < (witness?.n ?? 0));
      if (ack || send) {
        if (!ack) owed = owed.filter((other) => other !== send);
        yield { rule: 'overtaken', complaint: [
          `offset ${offset} is its own, and ${ack ? 'was acked later' : 'was not acked'}`,
          ack ?? send, witness] };
        continue;
      }
      const replayed = period.recovered === true && offset <= period.offset;
      yield {
        rule: replayed ? 'recovered' : 'jump',
        complaint: [replayed
          ? `recovered, and never got offset ${offset}`
          : `offset ${offset} was left out silently`,
        period, ...(witness ? [witness] : [])],
      };
      return; // One hole, one complaint.
    }
  };

  for (const step of stay.steps) {
    switch (step.kind) {
      case 'joined': {
        const start = startOf(step, at);
        if (step.recovered === true && start > step.offset)
          yield { rule: 'recovered', complaint: [
            'recovered to before where it was', step] };
        if (step.recovered === true && !step.since && at !== null
          && (step.offset < at || step.offset > reach(at, own)))
          yield { rule: 'recovered', complaint: [
            `nothing was lost, but it was at ${reach(at, own)}`, step] };
        if (step.epoch !== period?.epoch) {
          own.clear();
          gaps.length = 0;
        }
        at = start;
        period = step;
        break;
      }
      case 'ack':
        if (step.offset !== undefined && step.epoch === period.epoch)
          own.add(step.offset);
        break;
      case 'gap':
        if (step.epoch === period.epoch) gaps.push(step);
        break;
      case 'message':
        if (step.offset === undefined) break;
        if (step.offset <= at) {
          yield { rule: 'jump', complaint: [
            `offset ${step.offset} came when ${at} was over`, period, step] };
          break;
        }
        yield* hole(step.offset, step);
        at = step.offset;
        break;
      default:
    }
  }
  // Whoever is there when all is quiet has what it was promised.
  if (stay.open && period.recovered === true
    && run.events.some(({ kind }) => kind === 'quiet'))
    yield* hole(period.offset + 1);
}

/**
 * In a room whose log nodes share, who is told `healed` has been sent what was
 * said before it was told `degraded` [P-9.7].
 */
export function* healed(run) {
  if (run.profile.positions !== 'all') return;
  const known = knownPositions(run);
  for (const stay of run.stays) {
    const own = new Set();
    let epoch;
    let at = 0;
    let mark = null;
    let came = null;
    for (const step of stay.steps) {
      if (step.kind === 'joined') {
        if (step.epoch !== epoch) own.clear();
        ({ epoch } = step);
        at = startOf(step);
        mark = null;
        came = step;
      }
      if (step.kind === 'ack' && step.epoch === epoch) own.add(step.offset);
      if (step.kind === 'message') at = step.offset;
      if (step.kind === 'gap') at = Math.max(at, step.to);
      // Who read slowly, or was answered late, hears of what was long ago.
      if (step.kind === 'degraded')
        mark = wasSlow(run, stay, step) || step.at < came.at + SKEW_MS ? null
          : known.get(placeOf(run, stay, epoch))
            ?.findLast(({ at: then }) => then < step.at - SKEW_MS) ?? null;
      if (step.kind === 'healed' && mark && reach(at, own) < mark.offset)
        yield [`has up to ${reach(at, own)}, and ${mark.offset} was known`,
          mark, step];
    }
  }
}

/** What two connections read so shortly one behind the other may have been said
 *  the other way round. */
const SKEW_MS = 500;

/** The longest that a client reads nothing, and then has read it all. */
const SLOW_MS = 5000;

const wasSlow = (run, { client }, { at }) => run.faults.some((fault) =>
  fault.what === 'client-slow' && `m${fault.client}` === client
  && fault.at <= at && fault.at + SLOW_MS > at);

/** Of each epoch what told of a larger offset than anything before. */
export function knownPositions(run) {
  const told = [...run.messages.values()].flatMap(({ acks }) => acks)
    .concat(run.stays.flatMap((stay) => deliveries(stay)
      .map((got) => ({ ...got, node: stay.node }))))
    .sort((a, b) => a.n - b.n);
  const known = new Map();
  for (const event of told) {
    const place = placeOf(run, event, event.epoch);
    const largest = known.get(place) ?? [];
    known.set(place, largest);
    if (!(largest.at(-1)?.offset >= event.offset)) largest.push(event);
  }
  return known;
}

/** Where a period begins: behind what its member had. */
function startOf(joined) {
  return joined.recovered === true && joined.since
    ? joined.since.offset : joined.offset;
}

function isReplay(run, period, offset) {
  return run.profile.replaysOwn === true && period.recovered === true
    && offset <= period.offset;
}

/** How far `at` gets by a member's own messages. */
function reach(at, own) {
  let end = at;
  while (own.has(end + 1)) ++end;
  return end;
}

/** What was acked is at every member that should have it. */
export function* missing(run) {
  const turns = turnsOf(run);
  if (!run.events.some(({ kind }) => kind === 'quiet' || kind === 'unrest'))
    return;
  const byRoom = groupBy(
    [...run.messages.values()].filter(({ acks }) => acks.length > 0
      && !acks.every((ack) => isGone(run, turns, ack))),
    ({ room }) => room);
  for (const chain of chains(run)) {
    const stay = chain.at(-1);
    if (!stay.open) continue;
    const got = new Set(
      chain.flatMap(deliveries).map(({ payload }) => payload));
    // How many may be missing, as it was told of so many.
    let told = chain.flatMap(({ steps }) => steps)
      .filter(({ kind }) => kind === 'gap')
      .reduce((sum, { from, to }) => sum + to - from + 1, 0);
    const mine = new Set(chain.map(({ c }) => c));
    for (const message of byRoom.get(stay.room) ?? []) {
      if (message.session === stay.session || got.has(message.payload)
        || message.sends.some(({ c }) => mine.has(c)))
        continue;
      const why = obliged(run, chain, message);
      if (!why || told-- > 0) continue;
      yield [`acked, and missing at ${stay.c}: ${why}`,
        message.sends[0], message.acks[0], stay.periods.at(-1)];
    }
  }
}

/** Where a room's epochs ended, as members were told [P-4.19]. */
function turnsOf(run) {
  const turns = new Map();
  for (const stay of run.stays)
    stay.periods.forEach((joined, i) => {
      const before = stay.periods[i - 1];
      if (before && !joined.since && joined.reason === 'epoch')
        turns.set(JSON.stringify([scope(run, stay), before.epoch]),
          joined.offset);
    });
  return turns;
}

/** What was acked in an epoch that ended before it: members were told so. */
function isGone(run, turns, ack) {
  const end = turns.get(JSON.stringify([scope(run, ack), ack.epoch]));
  return end !== undefined && ack.offset > end;
}

/** Stays of one client in one room that go on where the one before ended. */
function chains(run) {
  const found = [];
  for (const stays of groupBy(run.stays, ({ client, room }) =>
    JSON.stringify([client, room])).values())
    for (const stay of stays) {
      const last = found.at(-1)?.at(-1);
      if (last && last.client === stay.client && last.room === stay.room
        && stay.joined.recovered === true
        && last.periods.at(-1).epoch === stay.joined.since?.epoch)
        found.at(-1).push(stay);
      else found.push([stay]);
    }
  return found;
}

/** Why the last of `chain` should have `message`, or nothing. */
function obliged(run, chain, message) {
  const stay = chain.at(-1);
  const period = stay.periods.at(-1);
  const here = scope(run, stay);
  const start = chainStart(chain);
  for (const ack of message.acks)
    if (scope(run, ack) === here && ack.epoch === period.epoch
      && ack.offset > start)
      return `it was at ${start}, and this is ${ack.offset}`;
  const first = message.sends[0];
  const last = message.sends.at(-1);
  const near = run.profile.positions === 'all'
    || message.sends.every(({ node }) => node === stay.node);
  const since = near ? chain[0].joined.n : stay.joined.n;
  if (first.n < since) return null;
  // Positions say more than time where a member was told of a new beginning.
  if (chain.some(({ periods }) => periods.some((joined) =>
    joined.n > first.n && joined.recovered !== true))) return null;
  if (near) return 'it was in the room';
  if (run.profile.crossLoss && !(first.calm && last.calm)) return null;
  return 'it was in the room, and no fault was felt';
}

/** The position behind which a chain has everything of its last epoch. */
function chainStart(chain) {
  const periods = chain.flatMap((stay) => stay.periods);
  let start = startOf(periods.at(-1));
  for (let i = periods.length - 1; i > 0; --i) {
    if (periods[i].recovered !== true
      || periods[i].epoch !== periods[i - 1].epoch) break;
    start = startOf(periods[i - 1]);
  }
  return start;
}
