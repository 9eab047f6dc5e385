// Messages to some: who gets them, and that they do.

import { groupBy } from './reading.mjs';

/** Whether `to` names a user, which is a client, or a connection of it. */
const isNamed = ({ to }, { client, connectionId }) =>
  to.includes(client) || to.includes(connectionId);

/** They come to who is named, in the room, and to a connection once. */
export function* directed(run) {
  for (const stay of run.stays) {
    const seen = new Map();
    for (const got of stay.steps) {
      if (got.kind !== 'handed') continue;
      const message = run.directs.get(got.payload);
      if (!message) yield ['said to nobody', got];
      else if (message.room !== got.room)
        yield ['said in another room', message.sends[0], got];
      else if (message.sends[0].n > got.n)
        yield ['came before it was said', got, message.sends[0]];
      else if (!isNamed(message, stay))
        yield ['came to who is not named', message.sends[0], stay.joined, got];
      else if (message.sends.every(({ c }) => c === got.c))
        yield ['came back to who said it', message.sends[0], got];
      else if (seen.has(got.payload))
        yield ['came twice', seen.get(got.payload), got];
      else if (got.id !== undefined)
        yield ['came with the id of its sender', message.sends[0], got];
      seen.set(got.payload, got);
    }
  }
  for (const stray of run.strays)
    if (stray.kind === 'handed') yield ['came to no member', stray];
}

/**
 * What was acked is at who was named, and there before and until all is quiet;
 * and the ack counted those of its node.
 */
export function* delivered(run) {
  const rooms = groupBy(run.stays, ({ room }) => room);
  for (const message of run.directs.values()) {
    const stays = (rooms.get(message.room) ?? [])
      .filter((stay) => isNamed(message, stay));
    yield* counted(message, stays);
  }
  if (!run.events.some(({ kind }) => kind === 'quiet' || kind === 'unrest'))
    return;
  for (const stay of run.stays) {
    if (!stay.open) continue;
    const got = new Set(stay.steps.filter(({ kind }) => kind === 'handed')
      .map(({ payload }) => payload));
    for (const message of run.directs.values())
      if (!got.has(message.payload) && isOwed(message, stay))
        yield [`acked, and never came to ${stay.c}`, stay.joined,
          message.sends[0], message.acks[0]];
  }
}

/** Whether it has joined before, and did not say it itself. */
const isThere = (stay, send) => stay.joined.n < send.n && stay.c !== send.c;

const isOf = (stay) => ({ node, duplicate }) =>
  node === stay.node && !duplicate;

function* counted({ sends, acks }, stays) {
  for (const ack of acks) {
    if (ack.duplicate) continue;
    const there = stays.filter((stay) => isOf(stay)(ack)
      && sends.every((send) => isThere(stay, send))
      && ((stay.leaving ?? stay.ended)?.n ?? Infinity) > ack.n);
    if (ack.delivered < there.length)
      yield [`${there.length} were there, and not counted`, there[0].joined,
        sends[0], ack];
  }
}

function isOwed(message, stay) {
  const { sends, acks, room } = message;
  if (room !== stay.room || !isNamed(message, stay)
    || !sends.every((send) => isThere(stay, send)))
    return false;
  if (acks.some(isOf(stay))) return true;
  // It goes by Pub/Sub in rooms of every order, and may get lost there.
  return acks.length > 0 && sends.every(({ calm }) => calm);
}
