// The tree of the cluster as rows: what is unfolded, in its order.

import { actorKey } from './address.js';
import { BOUNDS } from './bounds.js';

/** A filter of actors: words, and `is:down`, `is:restarted`, `is:waiting`. */
export function actorFilter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  return (actor) => words.every((word) => {
    if (word === 'is:down') return actor.state !== 'alive';
    if (word === 'is:restarted') return actor.restarts > 0;
    if (word === 'is:waiting') return actor.mailbox > 0;
    return `${actor.kind} ${actor.name}`.toLowerCase().includes(word);
  });
}

/** What is unfolded before anybody said so: down to the parts of a loop. */
export function opensBySelf(actor, children) {
  if (actor.kind === 'gateway') return false;
  return actor.kind !== 'room' && children <= 40;
}

/**
 * [{key, node, life, actor, level, children, isOpen, position, siblings,
 *   below}]; `below` tells of what is folded: {down}. `more` rows tell of
 * children that the node did not list.
 */
export function treeRows(cluster, { isOpen, filter }) {
  const rows = [];
  for (const life of cluster.list()) {
    const shown = filter ? matching(life.actors, filter) : null;
    const roots = life.actors.roots()
      .filter((actor) => !shown || shown.has(actor.id));
    roots.forEach((actor, i) =>
      walk(rows, life, actor, 1, i + 1, roots.length, { isOpen, shown }));
    if (roots.length === 0 && !shown)
      rows.push({ key: `?@${life.id}`, life, level: 1, isWaiting: true,
        position: 1, siblings: 1 });
  }
  return rows;
}

function walk(rows, life, actor, level, position, siblings, how) {
  const { isOpen, shown } = how;
  let children = life.actors.childrenOf(actor.id);
  const all = children.length;
  if (shown) children = children.filter(({ id }) => shown.has(id));
  const key = actorKey(life.id, actor.id);
  const hasRows = children.length > 0 && level < BOUNDS.depth;
  const opens = hasRows && (shown ? true : isOpen(key, actor, all));
  const more = life.actors.countUnknown(actor);
  rows.push({ key, life, actor, level, position, siblings,
    children: all + more, hasRows, isOpen: opens,
    down: opens || all === 0 ? 0 : downBelow(life.actors, actor) });
  if (!opens || rows.length > BOUNDS.actors) return;
  children.forEach((child, i) => walk(rows, life, child, level + 1, i + 1,
    children.length, how));
  if (more > 0 && !shown)
    rows.push({ key: `${key} more`, life, level: level + 1, more,
      of: actor, position: children.length + 1, siblings: children.length + 1 });
}

/** How many below a folded one are down: it shows that. */
function downBelow(actors, top) {
  let down = 0;
  const below = [top];
  for (const actor of below)
    for (const child of actors.childrenOf(actor.id)) {
      if (child.state !== 'alive') ++down;
      below.push(child);
    }
  return down;
}

/** Ids of those that match, and of all above them. */
function matching(actors, filter) {
  const shown = new Set();
  for (const actor of actors.all.values()) {
    if (!filter(actor)) continue;
    let at = actor;
    while (at && !shown.has(at.id)) {
      shown.add(at.id);
      at = actors.get(at.parent);
    }
  }
  return shown;
}
