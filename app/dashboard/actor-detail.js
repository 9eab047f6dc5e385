import { actorKey, address, readActorKey } from './address.js';
import { BOUNDS } from './bounds.js';
import { detailHead } from './detail-head.js';
import { $, fields, make, write } from './dom.js';
import { eventLines } from './event-lines.js';
import { isOwnRoom } from './room-list.js';
import {
  brief, bytes, called, clock, duration, many, number,
} from './words.js';

/** What is known of one actor, beside the tree. */
export class ActorDetail {
  #shown = null; // The parameter of the address that is shown; '': none.

  /** `close()` is asked for by its buttons. */
  constructor({ cluster }, close) {
    Object.assign(this, { cluster, close, aside: $('tree-detail') });
  }

  show(param) {
    const key = readActorKey(param);
    $('view-tree').dataset.detail = key ? 'open' : 'closed';
    if (!key) {
      this.#showNone();
      return;
    }
    if (this.#shown !== param) {
      this.#shown = param;
      this.aside.replaceChildren(...this.#make(param));
    }
    const life = this.cluster.nodes.get(key.node);
    const actor = life?.actors.get(key.id);
    const [head, facts, , lines, links] = this.aside.children;
    if (actor) this.#showActor(head, facts, life, actor);
    else showAbsent(head, facts, key, this.#whereabouts(life, key));
    if (actor?.kind === 'room' && !isOwnRoom(actor.name)
        && links.childElementCount < 2)
      links.prepend(make('a', { href: address('rooms', { room: actor.name }) },
        'The room'));
    eventLines(lines, this.cluster.events.latest(BOUNDS.detailEvents, (line) =>
      line.node === key.node && line.event.actor === key.id),
    'None since this page was opened.');
  }

  #whereabouts(life, { id }) {
    if (life) return life.actors.whereabouts(id);
    return this.cluster.nodes.size > 0 ? 'gone' : 'waiting';
  }

  #showNone() {
    if (this.#shown !== '')
      this.aside.replaceChildren(make('p', { class: 'empty' },
        'Choose an actor to see more of it.'));
    this.#shown = '';
  }

  #make(param) {
    return [detailHead('', this.close), make('div', {}),
      make('h3', {}, 'Its latest events'),
      make('ul', { class: 'lines', role: 'list' }),
      make('p', { class: 'links' },
        make('a', { href: address('events', { actor: param }) },
          'All its events'))];
  }

  #showActor(head, facts, life, actor) {
    write(head.children[1], brief(actor.kind === 'node' ? `node ${life.id}`
      : called(actor), 200));
    changed(facts, [actor.state, actor.why, actor.restarts, actor.mailbox,
      actor.members, actor.here, actor.isUnlisted, life.actors.countBelow(actor),
      actor.kind === 'node' && life.figuresAt], () =>
      [factsOf(life, actor, this.cluster),
        ...(actor.kind === 'node' ? figuresOfNode(life) : [])]);
  }
}

/** Whom nobody lists is not said to be gone, unless that was told. */
function showAbsent(head, facts, { id, node }, is) {
  const on = brief(node, 60);
  write(head.children[1], { gone: 'This actor is gone',
    unlisted: 'Not listed by its node', waiting: `Actor ${id}` }[is]);
  changed(facts, is, () => [make('p', { class: 'soft' }, {
    gone: `No actor ${id} lives on ${on} now.`,
    unlisted: `Not all actors of ${on} are listed: ${id} may be among the others.`,
    waiting: `Waiting for the tree of ${on}…` }[is])]);
}

/** Made anew only when `of` is another than before. */
function changed(element, of, makeChildren) {
  const signature = JSON.stringify(of);
  if (element.dataset.of === signature) return;
  element.dataset.of = signature;
  element.replaceChildren(...makeChildren());
}

function factsOf(life, actor, cluster) {
  const parent = life.actors.get(actor.parent);
  const link = (one) => make('a', { href: address('tree',
    { actor: actorKey(life.id, one.id) }) }, brief(called(one), 80));
  return fields([
    ['state', actor.stateAt > 0 ? `${actor.state}, since ${clock(actor.stateAt)} UTC`
      : actor.state],
    ['why', actor.why ? brief(actor.why, 2_000) : null],
    ['node', brief(life.id, 60)],
    ['id', `${actor.id}`],
    ['under', parent ? link(parent) : 'nobody'],
    ['restarts', number(actor.restarts)],
    ['waiting', many(actor.mailbox, 'message')],
    ['members', actor.members === null ? null
      : `${number(actor.members)}, ${number(actor.here)} on this node`],
    ['below it', number(life.actors.countBelow(actor))],
    ['listed', actor.isUnlisted ? 'not by its node: known by its events' : null],
    ...(actor.kind === 'node' ? factsOfNode(life, cluster) : []),
  ]);
}

/** What is told of a whole node. */
function factsOfNode({ id, run, figures }, { hello }) {
  return [
    ['run', run ? brief(run, 40) : null],
    ['version', hello?.node === id ? brief(hello.version, 40) : null],
    ['ready', figures && (figures.ready ? `no: ${brief(figures.ready, 400)}`
      : 'yes')],
    ['up for', figures && duration(figures.seconds)],
  ];
}

/** Its figures that stand nowhere else. */
function figuresOfNode({ figures }) {
  if (!figures) return [];
  const named = (numbers, say) => Object.entries(numbers)
    .filter(([, value]) => !Number.isNaN(value))
    .map(([name, value]) => [brief(name).replaceAll('_', ' '),
      say(value, name)]);
  return [
    make('h3', {}, 'Memory'), fields(named(figures.memory, bytes)),
    make('h3', {}, 'Waiting at most for one of a kind'),
    fields(named(figures.mailboxes, number)),
    make('h3', {}, 'Counts since it started'),
    fields(named(figures.counts, (value, name) =>
      (/bytes/.test(name) ? bytes(value) : number(value)))),
  ];
}
