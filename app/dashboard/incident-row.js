import { actorKey, address } from './address.js';
import { attribute, fields, keep, make, write } from './dom.js';
import { TIMES } from './bounds.js';
import { printable } from './printable.js';
import {
  ago, brief, called, fineClock, many, micros, placeInLog,
} from './words.js';

const WHAT = { crash: 'crashed', failure: 'failed', restart: 'restarted',
  escalation: 'escalated', quarantine: 'message put away' };

function outcomeWords({ outcome, what }) {
  if (!outcome) return what === 'crash' ? 'not begun anew yet' : '';
  const pause = outcome.pause_us === null ? ''
    : ` after ${micros(outcome.pause_us)}`;
  if (outcome.what === 'restarted')
    return `restarted${pause}, ${many(outcome.restarts, 'restart')} so far`;
  return outcome.what === 'escalated' ? 'restarts did not help' : 'ended';
}

/** One crash, failure or restart; what led to it unfolds. */
export const incidentRow = {
  make(incident, isShort = false) {
    const summary = make('summary', {},
      make('span', { class: 'what' }),
      make('span', { class: 'name' }),
      make('time', { class: 'soft' }),
      make('span', { class: 'outcome' }),
      make('span', { class: 'reason' }));
    const row = make('li', { 'data-what': incident.what },
      make('details', {}, summary, make('div', { class: 'inside' })));
    row.isShort = isShort;
    return row;
  },

  update(row, incident, now) {
    const [details] = row.children;
    const [what, name, time, outcome, reason] = details.firstChild.children;
    write(what, WHAT[incident.what] ?? incident.what);
    write(name, `${brief(called(incident), 80)} on ${brief(incident.node, 40)}`);
    const past = ago(now - incident.seenAt);
    write(time, row.isShort ? past : `${fineClock(incident.at)} UTC, ${past}`);
    write(outcome, outcomeWords(incident));
    write(reason, brief(incident.reason || incident.outcome?.cause || '', 200));
    row.dataset.outcome = incident.outcome?.what ?? 'open';
    attribute(row, 'data-new', now - incident.seenAt < TIMES.flash);
    this.fill(details.lastChild, incident);
  },

  /** What is unfolded: made once, and added to as more of it is told. */
  fill(inside, incident) {
    const { reason, outcome, message, payload, flight, seq } = incident;
    const key = [reason, outcome?.what, flight.length].join();
    if (inside.dataset.key === key) return;
    inside.dataset.key = key;
    const cause = outcome?.cause === reason ? '' : outcome?.cause;
    const pairs = [['reason', reason], ['handling', message],
      ['message (Base64)', payload], ['cause', cause],
      ['told in', placeInLog(seq)]];
    inside.replaceChildren(fields(pairs.map(([label, value]) =>
      [label, value ? printable(value) : null])));
    if (flight.length > 0) {
      const steps = make('ol', { class: 'flight' });
      keep(steps, flight, ({ entry }) => entry, ({ age_us, what }) =>
        make('li', {}, make('span', { class: 'figure soft' },
          `${micros(age_us)} before`), make('span', {}, printable(what))));
      inside.append(make('h3', {}, 'What it did before, the latest first'),
        steps);
    }
    if (incident.actor !== undefined) {
      const actor = actorKey(incident.node, incident.actor);
      inside.append(make('p', { class: 'links' },
        make('a', { href: address('events', { actor }) }, 'Its events'),
        make('a', { href: address('tree', { actor }) }, 'In the tree')));
    }
  },
};
