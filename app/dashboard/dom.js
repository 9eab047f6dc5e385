// Elements by text only: nothing that comes from the node is ever markup.

export const $ = (id) => document.getElementById(id);

const SVG = 'http://www.w3.org/2000/svg';

/** make('a', {class: 'x', href: '#y'}, 'text', element…) */
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function makeSvg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes))
    attribute(element, name, value);
  element.append(...children);
  return element;
}

/** Sets it, or takes it away where it is false or null. */
export function attribute(element, name, value) {
  if (value === false || value === null || value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else {
    const text = value === true ? '' : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Text that is the same is not written: nothing is laid out for it. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of `parent` those of `items`, in their order, and leaves
 * in place what is in its place: focus and selection stay.
 */
export function keep(parent, items, keyOf, create, update) {
  const before = parent.kept ?? new Map();
  const now = new Map();
  for (const item of items) now.set(keyOf(item), item);
  for (const [key, element] of before)
    if (!now.has(key)) {
      element.remove();
      before.delete(key);
    }
  let at = parent.firstElementChild;
  for (const [key, item] of now) {
    const element = before.get(key) ?? create(item);
    now.set(key, element);
    update?.(element, item);
    if (element === at) at = at.nextElementSibling;
    else parent.insertBefore(element, at);
  }
  parent.kept = now;
}

/** A list of names and values. */
export function fields(pairs) {
  return make('dl', { class: 'fields' }, ...pairs
    .filter(([, value]) => value !== undefined && value !== null)
    .flatMap(([name, value]) => [make('dt', {}, name),
      make('dd', {}, value)]));
}

/** Whether keys go to somewhere one types. */
export const isTyping = (target) =>
  target instanceof HTMLElement
  && (target.isContentEditable
    || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
