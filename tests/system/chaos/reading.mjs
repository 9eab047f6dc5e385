// A history as the rules want it: by connection, stay and message.
//
// A stay is one connection in one room, from `joined` to `left` or the end. It
// has a period for each `joined` in it: within a period, the epoch is one and
// offsets go on.

/** All of `events`, read once. */
export function read(events, profile) {
  const run = {
    events, profile, stays: [], messages: new Map(), connections: new Map(),
    directs: new Map(), pages: [], strays: [], ends: new Set(),
    faults: events.filter(({ kind }) => kind === 'fault'),
  };
  const open = new Map(); // By connection and room.
  const sends = new Map(); // The message of connection, room and id.
  let calm = true;

  const asSent = (event) =>
    ({ ...event, node: nodeOf(run, event.c), calm, answers: [] });

  const message = (event, into) => {
    const { session, client } = run.connections.get(event.c);
    let known = into.get(event.payload);
    if (!known) {
      known = {
        payload: event.payload, room: event.room, id: event.id, session,
        client, to: event.to, sends: [], acks: [],
      };
      into.set(event.payload, known);
    }
    const send = asSent(event);
    known.sends.push(send);
    sent(event, { known, send });
  };

  // One that is sent again, after a leave, may be answered twice.
  const sent = (event, what) => {
    const key = sendKey(event);
    if (!sends.has(key)) sends.set(key, []);
    sends.get(key).push(what);
  };

  const answer = (event) => {
    const asked = sends.get(sendKey(event));
    const first = asked?.find(({ send }) => send.answers.length === 0);
    if (!first) {
      run.strays.push(event);
      return;
    }
    first.send.answers.push(event);
    if (event.kind === 'page') run.pages.push({ asked: first.send, page: event });
    if (event.kind === 'ack')
      first.known.acks.push({ ...event, node: nodeOf(run, event.c) });
  };

  for (const event of events) {
    const stay = open.get(stayKey(event));
    switch (event.kind) {
      case 'open':
        run.connections.set(event.c, { ...event, ended: null });
        break;
      case 'close':
        run.connections.get(event.c).ended = event;
        for (const [key, other] of open)
          if (other.c === event.c) {
            other.ended = event;
            open.delete(key);
          }
        break;
      case 'joined':
        open.set(stayKey(event), join(run, stay, event));
        break;
      case 'leave':
        if (stay) stay.leaving = event;
        break;
      case 'left':
        if (stay) stay.ended = event;
        open.delete(stayKey(event));
        break;
      case 'publish':
        message(event, run.messages);
        break;
      case 'direct':
        message(event, run.directs);
        break;
      case 'set':
      case 'ask':
        sent(event, { known: { acks: [] }, send: asSent(event) });
        if (stay) stay.steps.push(event);
        break;
      case 'ack':
      case 'refused':
      case 'page':
        answer(event);
        if (stay) stay.steps.push(event);
        break;
      case 'message':
      case 'handed':
      case 'gap':
      case 'presence':
      case 'state':
        if (stay) stay.steps.push(event);
        else run.strays.push(event);
        break;
      case 'degraded':
      case 'healed':
        if (stay) stay.steps.push(event);
        break;
      case 'calm':
        calm = event.calm;
        break;
      default:
    }
  }
  run.sends = [...sends.values()].flat().map(({ send }) => send);
  for (const stay of run.stays) stay.open = stay.ended === null;
  return run;
}

const stayKey = ({ c, room }) => JSON.stringify([c, room]);
const sendKey = ({ c, room, id }) => JSON.stringify([c, room, id]);

export const nodeOf = (run, c) => run.connections.get(c).node;

function join(run, stay, event) {
  let known = stay;
  if (!known) {
    const { client, session, node, connectionId } =
      run.connections.get(event.c);
    known = {
      c: event.c, client, session, node, connectionId, room: event.room,
      joined: event, periods: [], steps: [], leaving: null, ended: null,
    };
    run.stays.push(known);
  }
  known.periods.push(event);
  known.steps.push(event);
  return known;
}

/** Within which an epoch and an offset name one message. */
export function scope(run, { node, room }) {
  return run.profile.positions === 'all' ? room : JSON.stringify([node, room]);
}

/** One epoch there. */
export const placeOf = (run, at, epoch) =>
  JSON.stringify([scope(run, at), epoch]);

/** The deliveries of a stay, each with its epoch. */
export function deliveries(stay) {
  let epoch;
  const found = [];
  for (const step of stay.steps) {
    if (step.kind === 'joined') ({ epoch } = step);
    if (step.kind === 'message') found.push({ ...step, epoch });
  }
  return found;
}

/** `items` in lists, by what `key` says of each. */
export function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) {
    const name = key(item);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(item);
  }
  return groups;
}
