// How a run ends: all is healed, and everybody has what it is to have. What does
// not come in time is recorded as `unrest`.

import { SOON, eventually } from '../support/wait.mjs';
import { PROFILES } from './profiles.mjs';

/** So short is the time of what everybody sets in the end. */
const FLASH_MS = SOON / 20;

export function settled({ members, history }, ms = 2 * SOON) {
  return eventually('all members are where they want to be',
    () => members.every((member) => member.settled), ms)
    .catch((error) => history.record('unrest', { what: `${error.message}: ${
      members.filter((member) => !member.settled)
        .map((member) => member.trouble).join('; ')}` }));
}

export async function rest(run) {
  const { o, history, world } = run;
  await world.ready();
  await settled(run, 3 * SOON);
  await crossing(run);
  history.record('calm', { calm: true });
  run.armed = true;
  for (let i = 0; i < 5; ++i) sayAll(run);
  directAll(run);
  await settled(run);
  run.armed = false;
  await heard(run, [...directAll(run), ...sayAll(run)]);
  await lists(run);
  askAll(run);
  if (o.state) await keys(run);
  await settled(run);
  history.record('quiet');
}

/** Calls `work` for every member in each of its rooms. */
const everywhere = ({ members }, work) => members.flatMap((member) =>
  [...member.rooms.keys()].map((room) => work(member, room)));

/** Every member says something in each of its rooms: what, and to whom. */
const sayAll = (run) => everywhere(run, (member, room) =>
  ({ said: member.say(room), to: inRoom(run, room) }));

/** And something to the one behind it there. */
const directAll = (run) => everywhere(run, (member, room) => {
  const there = inRoom(run, room);
  const next = there[(there.indexOf(member) + 1) % there.length];
  const to = next === member ? [] : [next];
  return { said: member.direct(room, to.map(({ name }) => name)), to };
}).filter(({ said }) => said !== null);

/** All that is kept, as far as it fits into two pages: its ends. */
const askAll = (run) => everywhere(run, (member, room) => {
  member.ask(room, { limit: 1000 });
  member.ask(room, { back: Infinity, limit: 1000 });
});

const inRoom = ({ members }, room) =>
  members.filter((member) => member.rooms.has(room));

const allHeard = (marks) => marks.every(({ said, to }) =>
  to.every((member) => member.has(said.payload)));

/** What is said reaches everybody again, from everybody. */
async function crossing(run) {
  let marks = [];
  let end = 0;
  await eventually('messages cross between all members', () => {
    if (allHeard(marks) && marks.length > 0) return true;
    if (Date.now() > end) {
      marks = [...sayAll(run), ...directAll(run)];
      end = Date.now() + SOON / 10;
    }
    return false;
  }, 3 * SOON).catch((error) => unrest(run, error, marks));
}

/** The last words have been heard by all: nothing older can come. */
function heard(run, marks) {
  return eventually('everybody hears the last words',
    () => allHeard(marks), 2 * SOON)
    .catch((error) => unrest(run, error, marks));
}

function unrest(run, error, marks) {
  const deaf = marks.flatMap(({ said, to }) => to
    .filter((member) => !member.has(said.payload))
    .map((member) => `${member.c} never heard ${said.payload} in ${said.roomId}`));
  run.history.record('unrest',
    { what: `${error.message}: ${deaf.slice(0, 3).join('; ')}` });
}

/**
 * Asks for lists until they are right: who vanished is found out in time. The
 * last ones are for the checker, right or not.
 */
async function lists(run) {
  let last = [];
  await eventually('lists are right', async () => {
    last = await Promise.all(run.members.flatMap((member) =>
      [...member.rooms.keys()].map(async (room) => ({
        member, room, members: await member.list(room, SOON),
      }))));
    return last.every((list) => isRight(run, list));
  }, 2 * SOON).catch((error) => {
    const wrong = last.filter((list) => !isRight(run, list))
      .map(({ member, room, members }) => `${member.c} in ${room}: asked ${
        [...members].sort()}, told ${[...member.told(room)].sort()}`);
    run.history.record('unrest',
      { what: `${error.message}: ${wrong.slice(0, 3).join('; ')}` });
  });
  for (const { member, room, members } of last)
    run.history.record('list', { c: member.c, room, members });
}

function isRight(run, { member, room, members }) {
  const wide = PROFILES[run.o.profile].presence === 'all';
  const there = inRoom(run, room)
    .filter((other) => wide || other.life === member.life)
    .map((other) => other.connectionId).sort().join();
  return [...members].sort().join() === there
    && [...member.told(room)].sort().join() === there;
}

/**
 * Everybody binds a key, and sets one with a time, and all see them; then only
 * what belongs to who is there is left.
 */
async function keys(run) {
  const set = (name, how) => everywhere(run, (member, room) => {
    const key = `${name} of ${member.name}`;
    const { value } = member.set(room, key, how);
    return sharing(run, member, room)
      .map((other) => ({ other, room, key, value }));
  }).flat();
  const bound = set('seat', { bound: true });
  const short = set('flash', { ttl: FLASH_MS });
  const wrong = () => [
    ...bound.filter(({ other, room, key, value }) =>
      other.keys(room).get(key) !== value),
    ...short.filter(({ other, room, value }) => !other.wasTold(room, value)),
  ].map(({ other, room, value }) => `${other.c} has no ${value} in ${room}`)
    .concat(everywhere(run, (member, room) => strange(run, member, room)).flat());
  await eventually('keys are right', () => wrong().length === 0, 2 * SOON)
    .catch((error) => run.history.record('unrest',
      { what: `${error.message}: ${wrong().slice(0, 3).join('; ')}` }));
}

/** Who shares the state of a room with a member. */
const sharing = (run, { life }, room) => inRoom(run, room)
  .filter((other) => PROFILES[run.o.profile].presence === 'all'
    || other.life === life);

/** What a member has, and should not, now or soon. */
function strange(run, member, room) {
  const isOver = (key, value) => {
    const owner = run.members.find(({ name }) => value.startsWith(`${name}=`));
    return key.startsWith('flash')
      || (key.startsWith('seat') && !owner.owns(value));
  };
  const [first] = sharing(run, member, room);
  const all = first.keys(room);
  const mine = [...member.keys(room)];
  return mine.filter(([key, value]) => isOver(key, value)
    || all.get(key) !== value)
    .map(([key, value]) => `${member.c} has ${value} under ${key} in ${room}`)
    .concat(mine.length === all.size ? []
      : [`${member.c} has ${mine.length} keys in ${room}, ${first.c} ${all.size}`]);
}
