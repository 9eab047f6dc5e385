import { actorKey, address, readActorKey } from './address.js';
import { BOUNDS, TIMES } from './bounds.js';
import { $, attribute, fields, make, write } from './dom.js';
import { eventLines } from './event-lines.js';
import { actorFilter, opensBySelf, treeRows } from './tree-rows.js';
import { VirtualList } from './virtual-list.js';
import {
  brief, bytes, called, clock, duration, many, number,
} from './words.js';

const AHEAD = 1_000; // Milliseconds in which typed letters are one word.

/** The living actors of the cluster, each under who looks after it. */
export class TreeView {
  #opened = new Map(); // Key, to whether somebody folded or unfolded it.
  #folds = 0; // Grows with each.
  #typed = '';
  #typedAt = 0;
  #rowsOf = ''; // What the rows were made of.
  #shownActor = null;
  #revealed = null; // The actor that the address named when it was shown.

  constructor(app) {
    this.app = app;
    this.filterInput = $('tree-filter');
    this.filterInput.addEventListener('input', () =>
      app.turn({ q: this.filterInput.value }));
    this.list = new VirtualList($('tree'), {
      keyOf: ({ key }) => key,
      create: makeRow,
      update: (row, item, { index }) => this.#updateRow(row, item, index),
      onKey: (event, item, at) => this.#onKey(event, item, at),
      onEnter: (item) => this.#choose(item),
    });
    $('tree').addEventListener('click', ({ target }) => this.#onClick(target));
  }

  show(now) {
    this.now = now;
    const { cluster, params } = this.app;
    const q = params.get('q') ?? '';
    if (document.activeElement !== this.filterInput) this.filterInput.value = q;
    const isNew = this.#unfoldTo(params.get('actor'));
    const of = `${[...cluster.nodes.values()].map((life) =>
      `${life.id} ${life.run} ${life.actors.version}`).join()} ${q} ${this.#folds}`;
    const filter = actorFilter(q);
    if (of !== this.#rowsOf) {
      this.#rowsOf = of;
      this.list.show(treeRows(cluster, { filter,
        isOpen: (key, actor, children) =>
          this.#opened.get(key) ?? opensBySelf(actor, children) }));
    } else {
      this.list.draw();
    }
    const at = isNew ? this.list.indexOf(params.get('actor')) : undefined;
    if (at !== undefined) this.list.moveTo(at, { focus: false });
    write($('tree-count'), filter
      ? `${many(this.#matches(filter), 'actor')} of ${number(cluster.actorCount)}`
      : many(cluster.actorCount, 'actor'));
    const isEmpty = this.list.items.length === 0;
    $('tree-empty').hidden = !isEmpty;
    if (isEmpty)
      write($('tree-empty'), filter ? 'No actor is like that.'
        : 'Waiting for the first tree…');
    this.#showDetail();
  }

  #matches(filter) {
    let found = 0;
    for (const { actors } of this.app.cluster.nodes.values())
      for (const actor of actors.all.values()) if (filter(actor)) ++found;
    return found;
  }

  /**
   * Unfolds what hides the actor that the address names, once: then it may be
   * folded again. False: there is nothing to do, or nobody to be seen yet.
   */
  #unfoldTo(param) {
    if (param === this.#revealed) return false;
    if (param === null) this.#revealed = null;
    const key = readActorKey(param);
    const life = key && this.app.cluster.nodes.get(key.node);
    let actor = life?.actors.get(key.id);
    if (!actor) return false;
    this.#revealed = param;
    const seen = new Set();
    while (actor && !seen.has(actor.id)) {
      seen.add(actor.id);
      actor = life.actors.get(actor.parent);
      const above = actor && actorKey(life.id, actor.id);
      if (above && !(this.#opened.get(above) ?? opensBySelf(actor,
        life.actors.childrenOf(actor.id).length))) this.#fold(above, true);
    }
    return true;
  }

  focusFirst() {
    this.list.focus();
  }

  /** Esc: first the detail, then the filter. */
  escape() {
    const { params } = this.app;
    if (params.has('actor')) {
      this.app.turn({ actor: '' });
      this.list.focus();
    } else if (params.has('q')) {
      this.app.turn({ q: '' });
      this.list.focus();
    } else {
      return false;
    }
    return true;
  }

  // -- rows

  #updateRow(row, item, index) {
    const { actor, life, level } = item;
    row.style.setProperty('--level', level - 1);
    attribute(row, 'aria-level', level);
    attribute(row, 'aria-posinset', item.position);
    attribute(row, 'aria-setsize', item.siblings);
    attribute(row, 'aria-expanded', item.hasRows ? `${item.isOpen}` : null);
    const isChosen = item.key === this.app.params.get('actor');
    attribute(row, 'aria-selected', `${isChosen}`);
    attribute(row, 'data-odd', index % 2 === 1);
    const [, kind, name, notes] = row.children;
    if (!actor) {
      attribute(row, 'data-state', null);
      write(kind, '');
      write(name, item.isWaiting ? `${brief(life.id, 60)}: waiting for its tree…`
        : `${number(item.more)} more are not listed`);
      attribute(name, 'class', 'soft');
      write(notes, '');
      return;
    }
    attribute(row, 'data-state', stateOf(life, actor, this.now));
    attribute(row, 'data-new', actor.state === 'alive' && actor.stateAt > 0
      && this.now - this.app.cluster.clockSkew - actor.stateAt < TIMES.flash);
    write(kind, actor.kind);
    write(name, brief(actor.kind === 'node' ? life.id : actor.name, 120));
    attribute(name, 'class', 'name');
    write(notes, notesOf(item, this.now));
  }

  #fold(key, open) {
    // Only what differs from how it is by itself would have to be kept; who
    // has folded so many has to begin anew.
    if (this.#opened.size > 2_000) this.#opened.clear();
    this.#opened.set(key, open);
    ++this.#folds;
  }

  #toggle(item, open = !item.isOpen) {
    if (!item.hasRows) return;
    this.#fold(item.key, open);
    this.show(this.app.now);
  }

  #onClick(target) {
    const row = target.closest('[role=treeitem]');
    const item = row && this.list.items[this.list.indexOf(row.key)];
    if (!item) return;
    this.list.moveTo(this.list.indexOf(row.key));
    if (target.closest('.twist') && item.hasRows) this.#toggle(item);
    else this.#choose(item);
  }

  #choose(item) {
    const actor = item.actor ?? item.of;
    if (!actor) return;
    const key = actorKey(item.life.id, actor.id);
    if (key === this.app.params.get('actor')) this.#toggle(item);
    else this.app.turn({ actor: key }, { push: true });
  }

  #onKey(event, item, at) {
    const { items } = this.list;
    if (event.key === 'ArrowRight') {
      if (item.hasRows && !item.isOpen) this.#toggle(item, true);
      else if (item.isOpen) this.list.moveTo(at + 1);
    } else if (event.key === 'ArrowLeft') {
      if (item.isOpen) {
        this.#toggle(item, false);
      } else {
        let up = at - 1;
        while (up >= 0 && items[up].level >= item.level) --up;
        if (up >= 0) this.list.moveTo(up);
      }
    } else if (event.key === '*') {
      items.filter(({ level, hasRows, life, actor }) => hasRows
        && level === item.level && life === item.life
        && actor.parent === item.actor?.parent)
        .forEach(({ key }) => this.#fold(key, true));
      this.show(this.app.now);
    } else if (/^[\p{L}\p{N}_-]$/u.test(event.key) && !this.#isKeyOfPage(event)) {
      this.#typeAhead(event.key, at);
    } else {
      return false;
    }
    return true;
  }

  /** What the page means by a key it means here as well, but not in a word. */
  #isKeyOfPage({ key }) {
    const isWithinWord = Date.now() - this.#typedAt < AHEAD;
    return !isWithinWord && /^[1-5p]$/.test(key);
  }

  #typeAhead(letter, at) {
    const now = Date.now();
    if (now - this.#typedAt > AHEAD) this.#typed = '';
    this.#typedAt = now;
    this.#typed += letter.toLowerCase();
    const { items } = this.list;
    // A word that goes on may stay where it is; a new one goes to the next.
    const from = this.#typed.length > 1 ? 0 : 1;
    for (let step = from; step < items.length + from; ++step) {
      const { actor } = items[(at + step) % items.length];
      if (!actor) continue;
      if ((actor.name || actor.kind).toLowerCase().startsWith(this.#typed)
          || actor.kind.startsWith(this.#typed)) {
        this.list.moveTo((at + step) % items.length);
        return;
      }
    }
  }

  // -- what is known of one

  #showDetail() {
    const { cluster, params } = this.app;
    const param = params.get('actor');
    const key = readActorKey(param);
    const aside = $('tree-detail');
    $('view-tree').dataset.detail = key ? 'open' : 'closed';
    if (!key) {
      if (this.#shownActor !== '')
        aside.replaceChildren(make('p', { class: 'empty' },
          'Choose an actor to see more of it.'));
      this.#shownActor = '';
      return;
    }
    const life = cluster.nodes.get(key.node);
    const actor = life?.actors.get(key.id);
    if (this.#shownActor !== param) {
      this.#shownActor = param;
      aside.replaceChildren(make('header', { class: 'head' },
        make('button', { class: 'button back', type: 'button' }, 'Back'),
        make('h2', {}), make('button', { class: 'button close', type: 'button',
          'aria-label': 'Close' }, '×')),
      make('div', {}), make('h3', {}, 'Its latest events'),
      make('ul', { class: 'lines', role: 'list' }),
      make('p', { class: 'links' },
        make('a', { href: address('events', { actor: param }) },
          'All its events')));
      for (const button of aside.querySelectorAll('.back, .close'))
        button.addEventListener('click', () => this.escape());
    }
    const [head, facts, , lines, links] = aside.children;
    write(head.children[1], actor ? brief(called(actor), 200)
      : 'This actor is gone');
    const signature = actor ? JSON.stringify([actor.state, actor.why,
      actor.restarts, actor.mailbox, actor.members, actor.here, actor.more,
      life.actors.countOfChildren(actor.id),
      actor.kind === 'node' && life.figuresAt]) : 'gone';
    if (facts.dataset.of !== signature) {
      facts.dataset.of = signature;
      facts.replaceChildren(...(actor ? [factsOf(life, actor, cluster),
        ...(actor.kind === 'node' ? figuresOfNode(life) : [])]
        : [make('p', { class: 'soft' },
          `No actor ${key.id} lives on ${brief(key.node, 60)} now.`)]));
    }
    if (actor?.kind === 'room' && links.childElementCount < 2)
      links.prepend(make('a', { href: address('rooms', { room: actor.name }) },
        'The room'));
    eventLines(lines, cluster.events.latest(BOUNDS.detailEvents, (line) =>
      line.node === key.node && line.event.actor === key.id),
    'None since this page was opened.');
  }
}

function makeRow() {
  return make('div', { role: 'treeitem', class: 'row' },
    make('span', { class: 'twist', 'aria-hidden': 'true' }),
    make('span', { class: 'kind' }), make('span', { class: 'name' }),
    make('span', { class: 'notes' }));
}

function stateOf(life, actor, now) {
  if (life.goneAt !== null) return 'gone';
  if (life.isOld) return 'old';
  if (actor.kind === 'node' && life.condition(now) === 'unready')
    return 'unready';
  return actor.state;
}

function notesOf({ life, actor, children, isOpen, down }, now) {
  const notes = [];
  if (life.goneAt !== null && actor.kind === 'node') notes.push('gone');
  else if (life.isOld && actor.kind === 'node') notes.push('as it was');
  else if (actor.kind === 'node' && life.condition(now) === 'unready')
    notes.push('not ready');
  if (actor.state !== 'alive') notes.push(actor.state);
  if (down > 0) notes.push(`${number(down)} down below`);
  if (actor.mailbox > 0) notes.push(`${number(actor.mailbox)} waiting`);
  if (actor.restarts > 0) notes.push(many(actor.restarts, 'restart'));
  if (actor.members !== null) notes.push(many(actor.members, 'member'));
  if (children > 0 && !isOpen) notes.push(`+ ${number(children)}`);
  return notes.join('  ·  ');
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
    ['below it', number(life.actors.countOfChildren(actor.id) + actor.more)],
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
