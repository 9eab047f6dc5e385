import { actorKey, address } from './address.js';
import { BOUNDS, TIMES } from './bounds.js';
import { $, attribute, keep, make, write } from './dom.js';
import { incidentRow } from './incident-row.js';
import { Plot } from './plot.js';
import { STAGES, added, spread } from './rates.js';
import { roomCount } from './room-list.js';
import { troubles } from './troubles.js';
import {
  about, brief, byteRate, bytes, duration, many, micros, number, rate,
} from './words.js';

const CONDITIONS = { ready: 'ready', unready: 'not ready', silent: 'silent',
  gone: 'gone', starting: 'no figures yet' };

const STAGE_WORDS = { accepted: 'accepted', sequenced: 'put in order',
  bus: 'told Redis', fan_out: 'spread', written: 'written' };

/** How the cluster is: what is wrong on top, then all in numbers. */
export class Overview {
  constructor(app) {
    this.app = app;
    this.totals = this.#makeTotals();
    this.plots = [
      [new Plot($('plot-traffic'), { title: 'Messages', say: rate,
        empty: 'no figures yet',
        lines: [{ name: 'messages', label: 'from clients' },
          { name: 'deliveries', label: 'delivered' }] }),
      ['messages', 'deliveries']],
      [new Plot($('plot-bytes'), { title: 'Bytes', say: byteRate, base: 1_024,
        empty: 'no figures yet',
        lines: [{ name: 'bytes_out', label: 'out' },
          { name: 'bytes_in', label: 'in' }] }), ['bytes_out', 'bytes_in']],
      [new Plot($('plot-connections'), { title: 'Connections', say: number,
        empty: 'no figures yet', lines: [{ name: 'connections',
          label: 'open' }] }), ['connections']],
      [new Plot($('plot-latency'), { title: 'Latency until written',
        say: micros, isLog: true, empty: 'no messages lately',
        lines: [{ name: 'p50', label: 'p50' }, { name: 'p95', label: 'p95' },
          { name: 'p99', label: 'p99' }] }), ['p50', 'p95', 'p99']],
    ];
    $('spans').addEventListener('click', ({ target }) => {
      if (target.dataset.span) app.turn({ span: target.dataset.span });
    });
    $('plot-node').addEventListener('change', ({ target }) =>
      app.turn({ node: target.value }));
  }

  #makeTotals() {
    const names = { connections: 'Connections', rooms: 'Rooms',
      messages: 'Messages', deliveries: 'Deliveries', out: 'Out',
      p99: 'Written p99' };
    return new Map(Object.entries(names).map(([name, label]) => {
      const value = make('dd', { class: 'figure' }, '–');
      $('totals').append(make('div', {}, make('dt', {}, label), value));
      return [name, value];
    }));
  }

  show(now) {
    const { cluster } = this.app;
    this.#showTroubles(cluster, now);
    const speaking = cluster.list().filter((life) =>
      life.isSpeaking(now) && !life.isOld);
    this.#showTotals(cluster, speaking);
    this.#showNodes(cluster, now);
    this.#showPlots(cluster, now);
    this.#showStages(speaking);
    this.#showRankings(speaking);
    keep($('recent'), cluster.incidents.all.slice(0, BOUNDS.overviewIncidents),
      ({ id }) => id, (incident) => incidentRow.make(incident, true),
      (row, incident) => incidentRow.update(row, incident, now));
    attribute($('recent'), 'data-empty', cluster.incidents.all.length === 0
      && 'None since this page was opened.');
  }

  #showTroubles(cluster, now) {
    const all = troubles(cluster, now).slice(0, 12);
    const isWell = !all.some(({ level }) => level !== 'note');
    keep($('troubles'), all, ({ key }) => key, () => {
      const link = make('a', {}, make('b'), make('span'));
      return make('li', {}, make('span', { class: 'level' }), link);
    }, (row, { level, node, text, href }) => {
      row.dataset.level = level;
      write(row.firstChild, level);
      write(row.lastChild.firstChild, brief(node, 60));
      write(row.lastChild.lastChild, node ? ` ${text}` : text);
      attribute(row.lastChild, 'href', href || null);
    });
    const ready = cluster.list().filter((life) =>
      life.condition(now) === 'ready').length;
    $('well').hidden = !isWell;
    $('well').dataset.is = ready > 0 ? 'well' : 'waiting';
    write($('well'), ready > 0
      ? `Nothing is wrong: ${many(ready, 'node')} ready, no crash in the last `
        + `${duration(TIMES.recent / 1_000)}`
      : cluster.hello ? 'Waiting for figures…' : 'Waiting for the node…');
  }

  #showTotals(cluster, speaking) {
    const say = (name, text) => write(this.totals.get(name), text);
    const sum = (of) => (speaking.length === 0 ? undefined
      : speaking.reduce((total, life) => total + (of(life) ?? 0), 0));
    say('connections', number(sum(({ figures }) => figures.connections)));
    say('rooms', roomWords(roomCount(cluster)));
    say('messages', rate(sum(({ window }) => window.rate('messages'))));
    say('deliveries', rate(sum(({ window }) => window.rate('deliveries'))));
    say('out', byteRate(sum(({ window }) => window.rate('bytes_out'))));
    say('p99', about(spread(added(speaking.map(({ window }) =>
      window.buckets('written'))))?.p99));
  }

  #showNodes(cluster, now) {
    const body = $('nodes').tBodies[0];
    keep(body, cluster.list(), ({ id }) => id, () =>
      make('tr', {}, make('th', { scope: 'row' }, make('a', { class: 'name' })),
        ...['State', 'Up for', 'Connections', 'Rooms', 'Members', 'Messages',
          'Deliveries', 'Written p99', 'Memory', 'Redis', 'Crashes']
          .map((label) => make('td', { 'data-label': label }))),
    (row, life) => this.#showNode(row, life, now));
    attribute(body, 'data-empty', cluster.nodes.size === 0
      && 'No node has been heard of yet.');
  }

  #showNode(row, life, now) {
    const { figures, window } = life;
    const is = life.condition(now);
    row.dataset.is = life.isOld ? 'old' : is;
    const name = row.cells[0].firstChild;
    write(name, brief(life.id, 60));
    const [root] = life.actors.roots();
    attribute(name, 'href', address('tree',
      { actor: root && actorKey(life.id, root.id) }));
    const state = life.isOld ? 'as it was' : CONDITIONS[is];
    const values = [state, duration(figures?.seconds),
      number(figures?.connections), number(figures?.rooms),
      number(figures?.members), rate(window.rate('messages')),
      rate(window.rate('deliveries')),
      about(spread(window.buckets('written'))?.p99),
      bytes(figures?.memory.resident),
      { up: 'up', down: 'down', none: 'none' }[figures?.bus] ?? '–',
      number(figures?.counts.crashes)];
    const classes = ['state', 'wide', 'right phone-less', 'right wide', 'right wide',
      'right', 'right wide', 'right wide', 'right wide', 'wide', 'right'];
    values.forEach((value, i) => {
      const cell = row.cells[i + 1];
      write(cell, value);
      attribute(cell, 'class', classes[i]);
    });
    attribute(row.cells[10], 'data-bad', figures?.bus === 'down');
    attribute(row.cells[11], 'data-bad', figures?.counts.crashes > 0);
  }

  #showPlots(cluster, now) {
    const { params } = this.app;
    const seconds = Number(params.get('span')) || 300;
    for (const button of $('spans').children)
      attribute(button, 'aria-pressed', `${button.dataset.span === `${seconds}`}`);
    const node = params.get('node') ?? '';
    keep($('plot-node'), [...new Set(['', ...cluster.list()
      .map(({ id }) => id), node])], (id) => id, (id) => make('option', { value: id },
        id ? brief(id, 40) : 'all nodes'));
    if ($('plot-node').value !== node) $('plot-node').value = node;
    const series = node ? cluster.nodes.get(node)?.series : cluster.series;
    // Points come once a second: lines move as they come, not four times.
    const to = Math.ceil(now / 1_000) * 1_000;
    const from = to - seconds * 1_000;
    const marks = [...new Set(cluster.incidents.all
      .filter((each) => each.what !== 'restart' && each.seenAt >= from
        && (!node || each.node === node))
      .map(({ seenAt }) => Math.floor(seenAt / 1_000) * 1_000))];
    for (const [plot, names] of this.plots)
      plot.draw({ from, to, marks, skew: cluster.clockSkew,
        ...series?.since(from, names)
          ?? { times: [], columns: names.map(() => []) } });
  }

  #showStages(speaking) {
    keep($('stages').tBodies[0], STAGES, (stage) => stage, (stage) =>
      make('tr', {}, make('th', { scope: 'row' }, STAGE_WORDS[stage]),
        ...[0, 1, 2].map(() => make('td', { class: 'right' })),
        make('td', { class: 'right wide' })), (row, stage) => {
      const all = spread(added(speaking.map(({ window }) =>
        window.buckets(stage))));
      [...['p50', 'p95', 'p99'].map((name) => about(all?.[name], '')),
        number(all?.samples ?? 0)]
        .forEach((text, i) => write(row.cells[i + 1], text));
    });
  }

  #showRankings(speaking) {
    const top = (list) => speaking.flatMap((life) =>
      life.figures[list].map((each) => ({ ...each, node: life.id })))
      .sort((a, b) => b.rate - a.rate);
    const rooms = new Map(); // Each node counts what is said in a room.
    for (const each of top('busiest'))
      if (!rooms.has(each.name)) rooms.set(each.name, each);
    ranking($('busiest'), [...rooms.values()].slice(0, 5), rate, ({ name }) =>
      address('rooms', { room: name }), 'Nothing has been said lately.');
    ranking($('slowest'), top('slowest').slice(0, 5),
      (value) => `${byteRate(value)} not sent`,
      ({ name, node }) => address('events', { node, event: 'member.lagging',
        q: name.split(' ')[0] }), 'All members keep up.');
  }
}

function ranking(list, items, say, hrefOf, empty) {
  keep(list, items, ({ name, node }) => `${name}@${node}`, () =>
    make('li', {}, make('a', { class: 'name' }),
      make('span', { class: 'figure' })), (row, item) => {
    write(row.firstChild, brief(item.name, 80));
    attribute(row.firstChild, 'href', hrefOf(item));
    write(row.lastChild, say(item.rate));
  });
  attribute(list, 'data-empty', items.length === 0 && empty);
}

function roomWords({ count, isWhole }) {
  if (isWhole) return number(count);
  return count > 0 ? `≥ ${number(count)}` : '–';
}
