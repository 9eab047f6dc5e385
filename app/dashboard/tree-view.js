import { ActorDetail } from './actor-detail.js';
import { actorKey, readActorKey } from './address.js';
import { TIMES } from './bounds.js';
import { $, attribute, make, write } from './dom.js';
import { actorFilter, opensBySelf, treeRows } from './tree-rows.js';
import { VirtualList } from './virtual-list.js';
import { brief, kindBefore, many, number } from './words.js';

const AHEAD = 1_000; // Milliseconds in which typed letters are one word.

/** The living actors of the cluster, each under who looks after it. */
export class TreeView {
  #opened = new Map(); // Key, to whether somebody folded or unfolded it.
  #folds = 0; // Grows with each.
  #typed = '';
  #typedAt = 0;
  #rowsOf = ''; // What the rows were made of.
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
    this.detail = new ActorDetail(app, () => this.escape());
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
    this.detail.show(params.get('actor'));
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
    write(kind, actor.kind === 'node' ? 'node' : kindBefore(actor));
    write(name, brief(shownName(item), 120));
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
      const item = items[(at + step) % items.length];
      if (!item.actor) continue;
      if (shownName(item).toLowerCase().startsWith(this.#typed)
          || item.actor.kind.startsWith(this.#typed)) {
        this.list.moveTo((at + step) % items.length);
        return;
      }
    }
  }
}

function makeRow() {
  return make('div', { role: 'treeitem', class: 'row' },
    make('span', { class: 'twist', 'aria-hidden': 'true' }),
    make('span', { class: 'kind' }), make('span', { class: 'name' }),
    make('span', { class: 'notes' }));
}

/** A node is called the same on each: it is told by its id. */
const shownName = ({ life, actor }) =>
  (actor.kind === 'node' ? life.id : actor.name);

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
  if (actor.isUnlisted) notes.push('not listed by its node');
  if (down > 0) notes.push(`${number(down)} down below`);
  if (actor.mailbox > 0) notes.push(`${number(actor.mailbox)} waiting`);
  if (actor.restarts > 0) notes.push(many(actor.restarts, 'restart'));
  if (actor.members !== null) notes.push(many(actor.members, 'member'));
  if (children > 0 && !isOpen) notes.push(`+ ${number(children)}`);
  return notes.join('  ·  ');
}
