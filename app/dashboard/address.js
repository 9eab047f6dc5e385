// What is looked at, as the fragment of the page's address, so that it can be
// sent to somebody: `#events?level=warn&node=n-1`.

export const VIEWS = ['overview', 'tree', 'rooms', 'crashes', 'events'];

/** {view, params}; what is not known is the overview. */
export function readAddress(hash) {
  const [view, query = ''] = splitOnce(hash.replace(/^#/, ''), '?');
  return { view: VIEWS.includes(view) ? view : VIEWS[0],
    params: new URLSearchParams(VIEWS.includes(view) ? query : '') };
}

/** The other way; parameters that are no texts are left out. */
export function address(view, params = {}) {
  const given = params instanceof URLSearchParams ? [...params]
    : Object.entries(params);
  const kept = new URLSearchParams(given.filter(([, value]) =>
    value !== undefined && value !== null));
  const query = `${kept}`;
  return `#${view}${query ? `?${query}` : ''}`;
}

/** An actor of a node, as one parameter: `7@n-1`. */
export const actorKey = (node, id) => `${id}@${node}`;

/** {node, id} or null. */
export function readActorKey(key) {
  const [id, node] = splitOnce(key ?? '', '@');
  return node && /^\d+$/.test(id) ? { node, id: Number(id) } : null;
}

function splitOnce(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
