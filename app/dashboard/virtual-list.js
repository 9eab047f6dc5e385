import { attribute } from './dom.js';

const BEYOND = 8; // Rows above and below what can be seen.

/**
 * A long list of which only the rows that can be seen exist. One row may be
 * open, and then takes what it needs. New items above what one looks at do not
 * move that: only at the very top, with no row in focus, the list follows.
 */
export class VirtualList {
  items = [];
  /** Key of the row that has the focus, or would get it. */
  cursor = null;
  /** Key of the row that is unfolded. */
  open = null;
  #extra = 0; // Height that the open row has beyond others.
  #rows = new Map(); // Key, to its element.
  #index = new Map(); // Key, to its place.
  #height = 0;

  /** `host` scrolls; its --row is the height of a row in pixels. */
  constructor(host, { keyOf, create, update, onKey, onEnter }) {
    Object.assign(this, { host, keyOf, create, update, onKey, onEnter });
    this.space = host.firstElementChild;
    host.addEventListener('scroll', () => this.draw(), { passive: true });
    host.addEventListener('keydown', (event) => this.#onKeyDown(event));
    host.addEventListener('focusin', ({ target }) => {
      const row = target.closest('[data-key]');
      if (row) this.#setCursor(row.key);
    });
    new ResizeObserver(() => {
      this.#height = 0;
      this.draw();
    }).observe(host);
  }

  get rowHeight() {
    this.#height ||= parseFloat(
      getComputedStyle(this.host).getPropertyValue('--row')) || 32;
    return this.#height;
  }

  show(items) {
    const anchor = this.#anchor();
    this.items = items;
    this.#index.clear();
    items.forEach((item, i) => this.#index.set(this.keyOf(item), i));
    if (!this.#index.has(this.cursor))
      this.cursor = items.length > 0 ? this.keyOf(items[0]) : null;
    if (this.open !== null && !this.#index.has(this.open)) this.open = null;
    this.#size();
    if (anchor && this.#index.has(anchor.key)) {
      const moved = this.#top(this.#index.get(anchor.key)) - anchor.top;
      if (moved !== 0) this.host.scrollTop += moved;
    }
    this.draw();
  }

  /** What shall stay where it is. */
  #anchor() {
    const top = this.host.scrollTop;
    const focused = this.hasFocus && this.#index.has(this.cursor)
      ? this.cursor : null;
    if (focused === null && top < 2) return null;
    const at = focused === null
      ? Math.min(this.items.length - 1, this.#at(top))
      : this.#index.get(focused);
    return at < 0 ? null
      : { key: this.keyOf(this.items[at]), top: this.#top(at) };
  }

  get hasFocus() {
    return this.host.contains(document.activeElement)
      && this.host !== document.activeElement;
  }

  #top(index) {
    const open = this.open === null ? -1 : this.#index.get(this.open) ?? -1;
    return index * this.rowHeight
      + (open >= 0 && index > open ? this.#extra : 0);
  }

  /** The place of the row at so many pixels from the top. */
  #at(pixels) {
    const open = this.open === null ? -1 : this.#index.get(this.open) ?? -1;
    const plain = Math.floor(pixels / this.rowHeight);
    if (open < 0 || plain <= open) return plain;
    return Math.max(open,
      Math.floor((pixels - this.#extra) / this.rowHeight));
  }

  #size() {
    const height = this.#top(this.items.length);
    this.space.style.setProperty('height', `${height}px`);
  }

  draw() {
    if (this.host.clientHeight === 0) return; // It is not shown.
    const { scrollTop, clientHeight } = this.host;
    const first = Math.max(0, this.#at(scrollTop) - BEYOND);
    const last = Math.min(this.items.length,
      this.#at(scrollTop + clientHeight) + BEYOND + 1);
    const wanted = new Set();
    const want = (i) => wanted.add(this.keyOf(this.items[i]));
    const cursor = this.#index.get(this.cursor);
    // The row in focus is there wherever one scrolls, or the focus is lost.
    if (cursor !== undefined && cursor < first) want(cursor);
    for (let i = first; i < last; ++i) want(i);
    if (cursor !== undefined && cursor >= last) want(cursor);
    for (const [key, row] of this.#rows)
      if (!wanted.has(key)) {
        row.remove();
        this.#rows.delete(key);
      }
    let before = null;
    for (const key of wanted) {
      const row = this.#draw(key);
      // In the order in which they are read.
      const place = before ? before.nextElementSibling
        : this.space.firstElementChild;
      if (place !== row) this.space.insertBefore(row, place);
      before = row;
    }
    this.#measure();
  }

  #draw(key) {
    const index = this.#index.get(key);
    let row = this.#rows.get(key);
    if (!row) {
      row = this.create();
      row.key = key;
      row.dataset.key = key;
      this.#rows.set(key, row);
    }
    this.update(row, this.items[index], { index, isOpen: key === this.open });
    attribute(row, 'tabindex', key === this.cursor ? 0 : -1);
    row.style.setProperty('transform', `translateY(${this.#top(index)}px)`);
    return row;
  }

  /** The open row says how high it is; those below it stand lower then. */
  #measure() {
    const row = this.open === null ? null : this.#rows.get(this.open);
    if (!row) return;
    const extra = Math.max(0, row.offsetHeight - this.rowHeight);
    if (extra === this.#extra) return;
    this.#extra = extra;
    this.#size();
    this.draw();
  }

  toggle(key) {
    this.open = this.open === key ? null : key;
    this.#extra = 0;
    this.#size();
    this.draw();
  }

  #setCursor(key) {
    if (key === this.cursor) return;
    const before = this.#rows.get(this.cursor);
    if (before) attribute(before, 'tabindex', -1);
    this.cursor = key;
    const row = this.#rows.get(key);
    if (row) attribute(row, 'tabindex', 0);
  }

  indexOf(key) {
    return this.#index.get(key);
  }

  /** Moves the cursor there, and the focus with it. */
  moveTo(index, { focus = true } = {}) {
    if (this.items.length === 0) return;
    const to = Math.max(0, Math.min(this.items.length - 1, index));
    this.#setCursor(this.keyOf(this.items[to]));
    const top = this.#top(to);
    const { scrollTop, clientHeight } = this.host;
    if (top < scrollTop) this.host.scrollTop = top;
    else if (top + this.rowHeight > scrollTop + clientHeight)
      this.host.scrollTop = top + this.rowHeight - clientHeight;
    this.draw();
    if (focus) this.#rows.get(this.cursor)?.focus({ preventScroll: true });
  }

  /** Gives the focus to the row that has the cursor. */
  focus() {
    this.moveTo(this.#index.get(this.cursor) ?? 0);
  }

  toTop() {
    this.host.scrollTop = 0;
    if (this.hasFocus) this.moveTo(0);
  }

  #onKeyDown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = event.target.closest('[data-key]');
    if (!row || event.target !== row) return;
    const at = this.#index.get(row.key) ?? 0;
    const page = Math.max(1,
      Math.floor(this.host.clientHeight / this.rowHeight) - 1);
    const to = { ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1,
      PageDown: at + page, PageUp: at - page, Home: 0,
      End: this.items.length - 1 }[event.key];
    if (to !== undefined) this.moveTo(to);
    else if (event.key === 'Enter' || event.key === ' ')
      this.onEnter(this.items[at], row);
    else if (!this.onKey?.(event, this.items[at], at)) return;
    event.preventDefault();
    event.stopPropagation();
  }
}
