import { address, actorKey } from './address.js';
import { keep, make } from './dom.js';
import { brief, clock, summary } from './words.js';

/** A short list of events, in a detail. */
export function eventLines(list, lines, empty) {
  keep(list, lines, ({ id }) => id, (line) => make('li',
    { 'data-level': line.level },
    make('time', { class: 'soft figure' }, clock(line.at)),
    make('a', { href: line.event.actor === undefined
      ? address('events', { node: line.node, event: line.name })
      : address('events', { actor: actorKey(line.node, line.event.actor) }) },
    brief(String(line.name), 60)),
    make('span', { class: 'soft' }, summary(line.event))));
  if (lines.length === 0) list.dataset.empty = empty;
  else delete list.dataset.empty;
}
