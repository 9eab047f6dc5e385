// One run: a world, members that talk, faults by schedule; then all is healed,
// and the history says whether the promises were kept.

import { randomFrom } from '../support/bystander.mjs';
import { busRewriter, spoiler } from './breaks.mjs';
import { check } from './check.mjs';
import { History } from './history.mjs';
import { Member } from './member.mjs';
import { rest, settled } from './rest.mjs';
import { FAULTS, faultsOf, schedule } from './schedule.mjs';
import { World } from './world.mjs';

export const DEFAULTS = {
  profile: 'fifo', seconds: 10, clients: 9, rooms: 3, faults: 'all', rate: 10,
  // Of each message; large ones make slow readers miss some.
  bytes: 0,
  resume: false, state: false, break: null, allow: [],
};

/** Faults that a cluster without a bus does not know. */
const needsBus = (name) => FAULTS[name] === 'redis' || FAULTS[name] === 'link';

/** Runs for `t` and gives {history, complaints}. */
export async function runChaos(t, options) {
  const o = { ...DEFAULTS, ...options };
  const clustered = o.profile !== 'single';
  const nodes = clustered ? 3 : 1;
  const faults = faultsOf(o.faults)
    .filter((name) => clustered || !needsBus(name));
  const plan = schedule({ ...o, nodes, faults });
  const history = new History(o.break ? spoiler(o.break) : undefined);
  history.record('run', { ...o, faults });
  const order = o.profile === 'total' ? 'total' : 'fifo';
  const run = { o, history, armed: false, harmed: new Set() };
  run.world = await new World({ history, order }).start(t, nodes,
    { clustered, rewriter: busRewriter(o.break, () => run.armed) });
  run.members = Array.from({ length: o.clients }, (_, i) => new Member(`m${i}`, {
    world: run.world, history, resume: o.resume, place: i,
    random: randomFrom(o.seed + i),
    filling: o.bytes > 0 ? ` ${'x'.repeat(o.bytes)}` : '',
  }));
  t.after(() => run.members.forEach((member) => member.stop()));
  gather(run);
  await settled(run);
  if (faults.length > 0) history.record('calm', { calm: false });
  await perform(run, plan);
  await rest(run);
  return { history, complaints: check(history.events, o.profile, o.allow) };
}

const roomName = (index) => `room ${index}`;

/** Every member is in one room at least, and every room has some. */
function gather({ members, o }) {
  const random = randomFrom(o.seed);
  for (const [i, member] of members.entries()) {
    member.join(roomName(i % o.rooms));
    member.join(roomName(random.below(o.rooms)));
    member.start();
  }
}

/** Does what the plan says when it is time, and ends every fault. */
async function perform(run, plan) {
  const began = Date.now();
  const pending = new Set();
  let failure = null;
  const keep = (work) => {
    const kept = work.catch((error) => (failure ??= error))
      .finally(() => pending.delete(kept));
    pending.add(kept);
  };
  for (const operation of plan) {
    const early = operation.at - (Date.now() - began);
    if (early > 0) await until(early);
    if (failure) break;
    if (operation.what in FAULTS) keep(fault(run, operation));
    else act(run, operation);
  }
  await Promise.all(pending);
  if (failure) throw failure;
}

/** The time that the plan leaves between two operations. */
const until = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function act({ members }, operation) {
  const { what, member, room, key, how } = operation;
  const who = members[member];
  // A room of the member's own, so that most of what is planned is done.
  const own = [...who.rooms.keys()];
  const here = own[room % own.length];
  switch (what) {
    case 'join':
    case 'leave':
      who[what](roomName(room));
      break;
    case 'say':
      who.say(here);
      break;
    case 'direct':
      who.direct(here, addressees(members, who, operation));
      break;
    case 'ask':
      who.ask(here, operation);
      break;
    case 'set':
      who.set(here, key.replace(/ me$/, ` ${who.name}`), how);
      break;
    default:
      throw new Error(`nobody knows how to ${what}`);
  }
}

/** Whom one names; some of them may be gone, or never have been there. */
function addressees(members, who, { other, by }) {
  const { name, connectionId } = members[other];
  const names = {
    user: [name],
    connection: [connectionId],
    both: [name, connectionId],
    several: [who.name, connectionId, members[(other + 1) % members.length].name],
  };
  return names[by].filter(Boolean);
}

async function fault(run, operation) {
  const { what, client, node, link } = operation;
  const target = JSON.stringify([FAULTS[what], client ?? node ?? link]);
  // On a slow machine the fault before may not be over, whatever was planned.
  if (run.harmed.has(target)) {
    run.history.record('fault', { ...operation, state: 'left out' });
    return;
  }
  run.harmed.add(target);
  await suffer(run, operation);
  run.harmed.delete(target);
}

async function suffer({ world, members, history }, operation) {
  const { what, client, lasts } = operation;
  if (client !== undefined) {
    history.record('fault', { what, client });
    const member = members[client];
    if (what === 'client-drop') member.drop();
    if (what === 'client-vanish') member.vanish();
    if (what === 'client-slow') {
      member.slow();
      await until(lasts);
      member.quick();
    }
    return;
  }
  const end = await world.harm(operation);
  await until(lasts);
  await end();
}
