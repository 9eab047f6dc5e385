import { actorKey, address } from './address.js';
import { BOUNDS, TIMES } from './bounds.js';
import { detailHead } from './detail-head.js';
import { $, attribute, keep, make, write } from './dom.js';
import { isOf } from './event-filter.js';
import { eventLines } from './event-lines.js';
import { roomList, sortRooms, unlistedRooms } from './room-list.js';
import { brief, many, number, rate } from './words.js';

/** [name, heading, class, whether the most comes first] */
const COLUMNS = [
  ['name', 'Room', '', false],
  ['members', 'Members', 'right', true],
  ['rate', 'Messages', 'right', true],
  ['restarts', 'Restarts', 'right wide', true],
  ['mailbox', 'Waiting', 'right wide', true],
  ['nodes', 'Nodes', 'right wide', true],
];

/** All rooms that the nodes list, and one of them in detail. */
export class RoomsView {
  #order = []; // Names, as they are sorted now.
  #orderedAt = 0;
  #orderOf = '';
  #most = BOUNDS.listedRooms;
  #shownRoom;

  constructor(app) {
    this.app = app;
    this.filterInput = $('rooms-filter');
    this.filterInput.addEventListener('input', () =>
      app.turn({ q: this.filterInput.value }));
    const heads = COLUMNS.map(([name, heading, style, isMost]) => {
      const button = make('button', { type: 'button' }, heading);
      button.addEventListener('click', () => this.#sortBy(name, isMost));
      return make('th', { scope: 'col', class: style || null,
        'data-by': name }, button);
    });
    $('rooms').tHead.rows[0].append(...heads);
    $('rooms').tBodies[0].addEventListener('click', ({ target }) => {
      const row = target.closest('tr');
      if (row && !target.closest('a')) row.querySelector('a').click();
    });
    $('rooms').tBodies[0].addEventListener('keydown', (event) =>
      this.#onKey(event));
    $('rooms-more').addEventListener('click', () => {
      this.#most += BOUNDS.listedRooms;
      this.show(this.app.now);
    });
  }

  get by() {
    return this.app.params.get('sort') ?? '-members';
  }

  #sortBy(name, isMost) {
    const usual = isMost ? `-${name}` : name;
    const other = isMost ? name : `-${name}`;
    this.app.turn({ sort: this.by === usual ? other : usual });
  }

  show(now) {
    const { cluster, params } = this.app;
    const q = params.get('q') ?? '';
    if (document.activeElement !== this.filterInput) this.filterInput.value = q;
    const all = roomList(cluster);
    const rooms = this.#ordered(all.filter(({ name }) =>
      name.toLowerCase().includes(q.toLowerCase())), now, q);
    const shown = rooms.slice(0, this.#most);
    const chosen = params.get('room');
    keep($('rooms').tBodies[0], shown, ({ name }) => name, makeRow,
      (row, room) => updateRow(row, room, chosen, this.app));
    for (const head of $('rooms').tHead.rows[0].cells)
      attribute(head, 'aria-sort', this.by.replace('-', '') !== head.dataset.by
        ? null : this.by.startsWith('-') ? 'descending' : 'ascending');
    this.#showCounts(all, rooms, shown, q);
    this.#showDetail(all);
  }

  #showCounts(all, rooms, shown, q) {
    const { cluster } = this.app;
    const more = unlistedRooms(cluster);
    write($('rooms-count'), [
      q ? `${number(rooms.length)} of ${many(all.length, 'room')}`
        : many(all.length, 'room'),
      more > 0 && `${number(more)} more are not listed`,
    ].filter(Boolean).join('; '));
    $('rooms-more').hidden = shown.length >= rooms.length;
    write($('rooms-more'), `Show more of ${number(rooms.length)}`);
    const isKnown = [...cluster.nodes.values()]
      .some(({ actors }) => actors.isWhole);
    $('rooms-empty').hidden = rooms.length > 0;
    write($('rooms-empty'), q ? 'No room is called that.'
      : isKnown ? 'No rooms are open.' : 'Waiting for the first tree…');
  }

  /** Rows do not change places under a finger or a focus, nor all the time. */
  #ordered(rooms, now, q) {
    const whole = [...this.app.cluster.nodes.values()]
      .filter(({ actors }) => actors.isWhole).length;
    const of = `${this.by} ${whole} ${q}`;
    const body = $('rooms').tBodies[0];
    const isHeld = body.contains(document.activeElement)
      || body.matches(':hover');
    const isDue = now - this.#orderedAt >= TIMES.reorder && !isHeld;
    if (of !== this.#orderOf || isDue) {
      this.#orderOf = of;
      this.#orderedAt = now;
      sortRooms(rooms, this.by);
      this.#order = new Map(rooms.map(({ name }, i) => [name, i]));
      return rooms;
    }
    // What came since stands at the end until the next time.
    const place = ({ name }) => this.#order.get(name) ?? Infinity;
    return rooms.sort((a, b) => {
      const [x, y] = [place(a), place(b)];
      return x === y ? 0 : x - y;
    });
  }

  focusFirst() {
    const rows = $('rooms').tBodies[0];
    (rows.querySelector('[aria-current] a') ?? rows.querySelector('a'))?.focus();
  }

  entered({ byKey } = {}) {
    this.show(this.app.now);
    if (this.app.params.has('room') && byKey) $('rooms-detail').focus();
  }

  escape() {
    const { params } = this.app;
    const room = params.get('room');
    if (room !== null) {
      this.app.turn({ room: null });
      this.#rowOf(room)?.querySelector('a').focus();
    } else if (params.has('q')) {
      this.app.turn({ q: '' });
      this.focusFirst();
    } else {
      return false;
    }
    return true;
  }

  #rowOf(room) {
    return [...$('rooms').tBodies[0].rows]
      .find((row) => row.dataset.room === room);
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const rows = [...$('rooms').tBodies[0].rows];
    const at = rows.indexOf(event.target.closest('tr'));
    const to = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1,
      Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return;
    rows[Math.max(0, Math.min(rows.length - 1, to))].querySelector('a').focus();
    event.preventDefault();
    event.stopPropagation();
  }

  #showDetail(all) {
    const { cluster, params } = this.app;
    const name = params.get('room');
    const aside = $('rooms-detail');
    $('view-rooms').dataset.detail = name === null ? 'closed' : 'open';
    if (name === null) {
      if (this.#shownRoom !== null)
        aside.replaceChildren(make('p', { class: 'empty' },
          'Choose a room to see who is in it.'));
      this.#shownRoom = null;
      return;
    }
    if (this.#shownRoom !== name) {
      this.#shownRoom = name;
      aside.replaceChildren(...makeDetail(name, () => this.escape()));
    }
    const room = all.find((each) => each.name === name);
    const [, state, places, , members, , lines] = aside.children;
    write(state, room ? `${many(room.members, 'member')}, ${rate(room.rate)}, `
      + `${many(room.restarts, 'restart')}`
      : 'No node lists a room of this name now.');
    keep(places.tBodies[0], room?.parts ?? [], ({ life, actor }) =>
      actorKey(life.id, actor.id), ({ life, actor }) =>
      make('tr', {}, make('th', { scope: 'row' }, make('a', { href:
        address('tree', { actor: actorKey(life.id, actor.id) }) },
      brief(life.id, 60))), make('td', { class: 'state' }),
      ...[0, 1, 2].map(() => make('td', { class: 'right' }))),
    (row, { life, actor }) => {
      row.dataset.is = actor.state;
      [actor.state, number(actor.here), number(actor.restarts),
        number(actor.mailbox)]
        .forEach((text, i) => write(row.cells[i + 1], text));
    });
    showMembers(members, room);
    eventLines(lines, cluster.events.latest(BOUNDS.detailEvents, ({ event }) =>
      isOf(name, event)), 'None since this page was opened.');
  }
}

function makeRow() {
  return make('tr', {}, make('th', { scope: 'row' }, make('div', {},
    make('a', { class: 'name' }),
    make('span', { class: 'chip bad', hidden: true }))),
  ...COLUMNS.slice(1).map(([, , style]) => make('td', { class: style })));
}

function updateRow(row, room, chosen, { params }) {
  const [name, chip] = row.cells[0].firstChild.children;
  if (row.dataset.room !== room.name) {
    row.dataset.room = room.name;
    write(name, brief(room.name, 120) || '(no name)');
  }
  const kept = new URLSearchParams(params);
  kept.set('room', room.name);
  attribute(name, 'href', address('rooms', kept));
  attribute(row, 'aria-current', room.name === chosen ? 'true' : null);
  chip.hidden = room.down === 0;
  write(chip, room.down > 0 ? 'crashed' : '');
  [number(room.members), rate(room.rate), number(room.restarts),
    number(room.mailbox), number(room.parts.length)]
    .forEach((text, i) => write(row.cells[i + 1], text));
}

function makeDetail(name, close) {
  const table = make('table', { class: 'table' },
    make('thead', {}, make('tr', {}, ...['Node', 'State', 'Here',
      'Restarts', 'Waiting'].map((text, i) =>
      make('th', { scope: 'col', class: i > 1 ? 'right' : null }, text)))),
    make('tbody'));
  return [
    detailHead(brief(name, 300) || '(no name)', close),
    make('p', { class: 'soft figure' }), table,
    make('h3', {}, 'Members'), make('ul', { class: 'members', role: 'list' }),
    make('h3', {}, 'Latest events'), make('ul', { class: 'lines', role: 'list' }),
    make('p', { class: 'links' }, make('a', { href: address('events',
      { room: name }) }, 'All its events')),
  ];
}

/** Up to 12 of each node are told; of the others there is a number. */
function showMembers(list, room) {
  const named = (room?.parts ?? []).flatMap(({ life, actor }) =>
    actor.some.map(([user, connection]) => ({ user, connection,
      node: life.id })));
  keep(list, named, ({ node, connection }) => `${node} ${connection}`, () =>
    make('li', {}, make('a', { class: 'name' }),
      make('span', { class: 'soft' })), (row, { user, connection, node }) => {
    write(row.firstChild, brief(user || 'anonymous', 80));
    attribute(row.firstChild, 'href',
      address('events', { node, q: connection }));
    write(row.lastChild, `${brief(connection, 40)} on ${brief(node, 40)}`);
  });
  const more = (room?.members ?? 0) - named.length;
  if (more > 0) list.dataset.more = `and ${number(more)} more`;
  else delete list.dataset.more;
  if (room && room.members === 0) list.dataset.empty = 'Nobody is here.';
  else delete list.dataset.empty;
}
