import { readActorKey } from './address.js';

const LEVELS = ['debug', 'info', 'warn', 'error'];

/**
 * What the parameters of the address let through: `level` and above, `node`,
 * `event` (its beginning), `q` (words anywhere in it), `actor`, `room`.
 */
export function eventFilter(params) {
  const get = (name) => params.get(name) ?? '';
  const level = LEVELS.indexOf(get('level'));
  const node = get('node');
  const name = get('event').toLowerCase();
  const words = get('q').toLowerCase().split(/\s+/).filter(Boolean);
  const actor = readActorKey(get('actor'));
  const room = params.get('room');
  if (level < 2 && !node && !name && words.length === 0 && !actor
      && room === null)
    return null;
  return (line) => (level < 2 || LEVELS.indexOf(line.level) >= level)
    && (!node || line.node === node)
    && (!name || String(line.name).toLowerCase().startsWith(name))
    && (!actor || (line.event.actor === actor.id && line.node === actor.node))
    && (room === null || isOf(room, line.event))
    && words.every((word) => haystack(line).includes(word));
}

export const isOf = (room, event) => event.room === room
  || ((event.kind === 'room' || event.kind === 'audience')
    && event.name === room);

/** Made when it is asked for first: most lines are never searched. */
function haystack(line) {
  line.words ??= JSON.stringify(line.event).toLowerCase();
  return line.words;
}
