// What is wrong now, the worst first: what somebody who was woken wants to know.

import { TIMES } from './bounds.js';
import { actorKey, address } from './address.js';
import { ago, brief, called, duration, many, number } from './words.js';

const DEEP = 1_000; // So much waits for an actor that somebody should look.
const FEW = 3; // Actors that are named; of others there is a number.

/** Events that are news for a time: [level, milliseconds, words]. */
const NEWS = {
  'store.failed': ['bad', Infinity, (e) => `cannot write its store: ${e.reason}`],
  'store.refused': ['bad', 15_000, (e) => `Redis refuses its rooms: ${e.reason}`],
  'peer.duplicate': ['bad', 300_000, (e) => `knows two nodes with the id ${e.peer}`],
  'peer.lost': ['warn', 60_000, (e) => `has lost its peer ${e.peer}`],
  'canary.late': ['warn', Infinity,
    (e) => `lets messages wait: ${number(e.waited_ms)} ms`],
  'loop.stalled': ['warn', 60_000,
    (e) => `had loop ${e.loop} stand still for ${number(e.turn_ms)} ms`],
  'accept.failed': ['warn', 60_000, (e) => `takes in no clients: ${e.reason}`],
  'log.dropped': ['warn', 60_000,
    (e) => `has lost ${many(e.lines, 'line')} of its log`],
  'node.stopping': ['warn', 60_000, (e) => `is stopping: ${e.reason}`],
};

/**
 * [{key, level: 'bad' | 'warn' | 'note', node, text, href}]; `key` says what it
 * is about while its words change.
 */
export function troubles(cluster, now) {
  const all = [];
  for (const life of cluster.list()) {
    if (!life.isOld) ofNode(life, now, all);
  }
  ofIncidents(cluster, now, all);
  ofPage(cluster, all);
  const rank = { bad: 0, warn: 1, note: 2 };
  return all.sort((a, b) => rank[a.level] - rank[b.level]);
}

function ofNode(life, now, all) {
  const node = life.id;
  const say = (level, text, href = address('events', { node }), about = href) =>
    all.push({ key: `${level} ${node} ${about}`, level, node,
      text: brief(text, 300), href });
  const { figures } = life;
  switch (life.condition(now)) {
    case 'gone':
      say('bad', `is gone, ${ago(now - life.goneAt)}`);
      return;
    case 'silent':
      say('bad', `has said nothing for ${duration((now
        - Math.max(life.figuresAt, life.heardAt)) / 1_000)}`);
      return;
    case 'unready':
      // Without Redis no node is ready: that is told below, with its reason.
      if (figures.bus !== 'down')
        say('bad', `is not ready: ${figures.ready}`,
          address('events', { node, level: 'warn' }));
      break;
    default:
  }
  if (figures?.bus === 'down') {
    const why = life.told.latest('bus.down')?.reason;
    say('bad', `cannot reach Redis${why ? `: ${why}` : ''}`,
      address('events', { node, event: 'bus.' }));
  }
  for (const [about, { subject, seenAt, event }] of life.told.all) {
    const [level, ms, words] = NEWS[subject] ?? [];
    if (level && now - seenAt < ms)
      say(level, words(event), address('events', { node, event: subject }),
        about);
  }
  const restarted = life.restartedAt;
  if (restarted !== null && now - restarted < TIMES.recent)
    say('warn', `was started anew ${ago(now - restarted)}`);
  ofActors(life, say);
  ofCounts(life, say);
}

function ofActors(life, say) {
  const down = [];
  let deep = null;
  for (const actor of life.actors.all.values()) {
    if (actor.state !== 'alive') down.push(actor);
    if (actor.mailbox >= DEEP && !(deep?.mailbox >= actor.mailbox))
      deep = actor;
  }
  const link = (actor) =>
    address('tree', { actor: actorKey(life.id, actor.id) });
  for (const actor of down.slice(0, FEW))
    say('bad', `has lost ${called(actor)} (${actor.state})`
      + `${actor.why ? `: ${actor.why}` : ''}`, link(actor));
  if (down.length > FEW)
    say('bad', `has ${number(down.length - FEW)} more actors that are down`,
      address('tree', { q: 'is:down' }));
  if (deep)
    say('warn', `has ${number(deep.mailbox)} messages waiting for ${called(deep)}`,
      link(deep));
}

function ofCounts(life, say) {
  const node = life.id;
  const missed = life.window.growth('missed');
  if (missed > 0)
    say('warn', `has just missed ${many(missed, 'message')} of its peers`,
      address('events', { node, event: 'bus.gap' }));
  const slow = life.figures?.slowest.length ?? 0;
  if (slow > 0)
    say('warn', `has ${many(slow, 'member')} that ${slow === 1 ? 'reads' : 'read'} `
      + 'too slowly',
    address('events', { node, event: 'member.lagging' }));
}

function ofIncidents(cluster, now, all) {
  const recent = cluster.incidents.all
    .filter(({ seenAt }) => now - seenAt < TIMES.recent);
  const [last] = recent;
  if (!last) return;
  const isWorse = recent.some(({ outcome, what }) =>
    what === 'escalation' || outcome?.what === 'escalated');
  all.push({ key: 'crashes', level: isWorse ? 'bad' : 'warn', node: '',
    href: address('crashes'),
    text: brief(`${many(recent.length, 'failure')} in the last `
      + `${duration(TIMES.recent / 1_000)}, the latest ${ago(now - last.seenAt)}: `
      + `${called(last)} on ${last.node}`, 300) });
}

function ofPage(cluster, all) {
  const note = (text) =>
    all.push({ key: text, level: 'note', node: '', text, href: '' });
  const left = cluster.list().reduce((sum, { actors }) =>
    sum + actors.forgotten, 0);
  if (left > 0)
    note(`${number(left)} actors are more than this page keeps`);
  if (cluster.refusedNodes > 0) note('There are more nodes than this page keeps');
  const { hello, firstVersion } = cluster;
  if (hello && hello.version !== firstVersion)
    note(`The node is of version ${brief(hello.version)} now: reload this page`);
  if (cluster.malformed > 0)
    note(`${many(cluster.malformed, 'part')} of the stream made no sense `
      + 'to this page');
}
