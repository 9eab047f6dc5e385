import { address, actorKey, readActorKey } from './address.js';
import { $, attribute, fields, keep, make, write } from './dom.js';
import { eventFilter } from './event-filter.js';
import { printable } from './printable.js';
import { isOwnRoom } from './room-list.js';
import { VirtualList } from './virtual-list.js';
import {
  brief, fineClock, many, number, placeInLog, subject, summary,
} from './words.js';

const PARAMS = { q: 'events-q', level: 'events-level', node: 'events-node',
  event: 'events-event' };

/** What the nodes' logs say, as it comes, the newest first. */
export class EventsView {
  #shown = []; // Those that match, the newest first.
  #seenId = 0; // Up to this one they were looked at.
  #of = null; // The filter that they match.
  #filter = null;

  constructor(app) {
    this.app = app;
    this.filterInput = $('events-q');
    for (const [name, id] of Object.entries(PARAMS))
      $(id).addEventListener('input', ({ target }) =>
        app.turn({ [name]: target.value }));
    $('events-clear').addEventListener('click', () => app.go('events'));
    $('events-only').addEventListener('click', () =>
      app.turn({ actor: '', room: null }));
    $('events-newer').addEventListener('click', () => {
      if (app.isPaused) app.pause(false);
      this.list.toTop();
      app.drawNow();
    });
    this.list = new VirtualList($('events'), {
      keyOf: ({ id }) => id, create: makeRow, update: updateRow,
      onEnter: ({ id }) => this.list.toggle(id),
      onKey: (event, { id }) => this.#onKey(event, id),
    });
    $('events').addEventListener('click', ({ target }) => {
      const row = target.closest('[role=treeitem]');
      if (!row || target.closest('a, .fields')) return;
      this.list.moveTo(this.list.indexOf(row.key));
      this.list.toggle(row.key);
    });
    $('events').addEventListener('scroll', () => this.#showNewer(),
      { passive: true });
  }

  show() {
    const { cluster: { events, nodes }, params } = this.app;
    this.#refilter(`${params}`, events);
    this.#showTools(nodes, events);
    this.#showNewer();
    write($('events-count'), countWords(events, this.#shown.length,
      this.#filter));
    $('events-empty').hidden = this.#shown.length > 0;
    write($('events-empty'), this.#filter && events.size > 0
      ? 'No event that is kept is like that.'
      : 'No event has come yet. Quiet nodes say little.');
  }

  /** Only how much one misses. */
  showPaused() {
    this.#showNewer();
  }

  #refilter(of, events) {
    if (of !== this.#of) {
      this.#of = of;
      this.#filter = eventFilter(this.app.params);
      this.#shown = [];
      this.#seenId = 0;
    }
    const { app } = this;
    const last = app.isPaused ? app.pausedAfter : events.total;
    if (this.#seenId === last) {
      this.list.draw();
      if (this.#shown.length > 0 || this.list.items.length === 0) return;
    }
    // What left the store leaves the list, and only what is new is looked at.
    const { oldest } = events;
    let kept = this.#shown.length;
    while (kept > 0 && this.#shown[kept - 1].id < oldest) --kept;
    const fresh = events.after(this.#seenId).filter(({ id }) => id <= last);
    this.#seenId = last;
    const matching = this.#filter ? fresh.filter(this.#filter) : fresh;
    this.#shown = matching.reverse().concat(this.#shown.slice(0, kept));
    this.list.show(this.#shown);
  }

  #showTools(nodes, events) {
    const { params } = this.app;
    const known = [...new Set(['', ...nodes.keys(),
      params.get('node') ?? ''])];
    keep($('events-node'), known, (id) => id, (id) =>
      make('option', { value: id }, id ? brief(id, 40) : 'all nodes'));
    for (const [name, id] of Object.entries(PARAMS)) {
      const input = $(id);
      const value = params.get(name) ?? '';
      if (document.activeElement !== input && input.value !== value)
        input.value = value;
    }
    if (document.activeElement === $('events-event'))
      keep($('event-names'), [...events.names.keys()].sort(), (name) => name,
        (name) => make('option', { value: name }));
    const actor = readActorKey(params.get('actor'));
    const room = params.get('room');
    $('events-only').hidden = !actor && room === null;
    write($('events-only'), actor
      ? `only actor ${actor.id} of ${brief(actor.node, 40)} ×`
      : `only room ${brief(room ?? '', 60)} ×`);
    $('events-clear').hidden = this.#filter === null;
  }

  /** How many stand above what is looked at, or came in a pause. */
  #showNewer() {
    const { app } = this;
    const { scrollTop } = $('events');
    const above = Math.floor(scrollTop / this.list.rowHeight);
    const paused = app.isPaused ? app.cluster.events.total - app.pausedAfter
      : 0;
    const count = above + paused;
    $('events-newer').hidden = count === 0 || this.#shown.length === 0;
    write($('events-newer'), paused > 0
      ? `Go on: ${number(paused)} newer` : `${number(count)} newer`);
  }

  focusFirst() {
    this.list.focus();
  }

  escape() {
    if (this.list.open !== null) {
      this.list.toggle(this.list.open);
      return true;
    }
    if (this.#filter === null) return false;
    this.app.go('events');
    this.list.focus();
    return true;
  }

  #onKey(event, id) {
    const isOpen = this.list.open === id;
    if (event.key === 'ArrowRight' && !isOpen) this.list.toggle(id);
    else if (event.key === 'ArrowLeft' && isOpen) this.list.toggle(id);
    else return false;
    return true;
  }
}

function makeRow() {
  return make('div', { role: 'treeitem', class: 'row', 'aria-level': 1 },
    make('div', { class: 'line' }, make('time', { class: 'soft' }),
      make('span', { class: 'level' }), make('span', { class: 'event' }),
      make('span', { class: 'subject name' }),
      make('span', { class: 'node soft' }),
      make('span', { class: 'summary soft' })));
}

function updateRow(row, item, { isOpen }) {
  attribute(row, 'aria-expanded', `${isOpen}`);
  if (row.item !== item) {
    row.item = item;
    row.dataset.level = item.level;
    const [time, level, event, about, node, rest] = row.firstChild.children;
    write(time, fineClock(item.at));
    write(level, String(item.level ?? ''));
    write(event, brief(String(item.name), 60));
    write(about, subject(item.event));
    write(node, brief(item.node, 40));
    write(rest, summary(item.event));
  }
  const isThere = row.childElementCount > 1;
  if (isOpen && !isThere) row.append(unfolded(item));
  else if (!isOpen && isThere) row.lastChild.remove();
}

function unfolded({ event, node }) {
  const pairs = Object.entries(event).map(([name, value]) =>
    [printable(name), printable(String(value))]);
  const links = make('p', { class: 'links' },
    make('span', { class: 'soft' }, placeInLog(event.seq)));
  if (event.actor !== undefined) {
    const actor = actorKey(node, event.actor);
    links.append(make('a', { href: address('events', { actor }) },
      'Only this actor'), make('a', { href: address('tree', { actor }) },
      'In the tree'));
  }
  const room = event.kind === 'room' ? event.name : event.room;
  if (typeof room === 'string' && !isOwnRoom(room))
    links.append(make('a', { href: address('rooms', { room }) }, 'The room'));
  links.append(make('a', { href: address('events', { event: event.event }) },
    'Only this kind'));
  return make('div', { class: 'inside' }, fields(pairs), links);
}

function countWords(events, shown, filter) {
  const words = [filter ? `${number(shown)} of ${many(events.size, 'event')}`
    : many(events.size, 'event')];
  if (filter) words.push(`${number(events.size - shown)} filtered out`);
  if (events.total > events.size)
    words.push(`${number(events.total - events.size)} older ones dropped`);
  if (events.lost > 0) words.push(`${number(events.lost)} left out by nodes`);
  return words.join(', ');
}
