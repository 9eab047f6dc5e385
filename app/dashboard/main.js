// Puts it together: the stream into the model, the model onto the page.

import { VIEWS, address, readAddress } from './address.js';
import { TIMES } from './bounds.js';
import { CrashesView } from './crashes-view.js';
import { $, attribute, isTyping, write } from './dom.js';
import { EventsView } from './events-view.js';
import { Cluster } from './model.js';
import { Overview } from './overview.js';
import { RoomsView } from './rooms-view.js';
import { Stream } from './stream.js';
import { TreeView } from './tree-view.js';
import { troubles } from './troubles.js';
import { brief, called, clock, duration } from './words.js';

const ANNOUNCE_EVERY = 5_000; // Milliseconds: who listens wants to work, too.

class App {
  cluster = new Cluster();
  view = VIEWS[0];
  params = new URLSearchParams();
  isPaused = false;
  /** The last event before the pause. */
  pausedAfter = 0;
  #drawnAt = -Infinity;
  #drawnOf = '';
  #isAsked = false;
  #byKey = false;
  #announced = 0; // Id of the incident that was told last.
  #announcedAt = -Infinity;
  #seenCrash = 0;

  constructor() {
    this.views = { overview: new Overview(this), tree: new TreeView(this),
      rooms: new RoomsView(this), crashes: new CrashesView(this),
      events: new EventsView(this) };
    this.stream = new Stream(new URL('stream', import.meta.url), {
      onText: (text) => {
        this.cluster.takeText(text, Date.now());
        this.ask();
      },
      onState: () => this.#showState(),
    });
    this.#follow();
    window.addEventListener('hashchange', () => this.#follow());
    document.addEventListener('keydown', (event) => this.#onKey(event));
    document.addEventListener('pointerdown', () => { this.#byKey = false; },
      { capture: true });
    $('pause').addEventListener('click', () => this.pause(!this.isPaused));
    $('help').addEventListener('click', () => $('keys').showModal());
    $('again').addEventListener('click', () => this.stream.tryNow());
    // The fragment is the view: a jump to #main would leave it.
    $('skip').addEventListener('click', (event) => {
      event.preventDefault();
      $('main').focus();
    });
    for (const form of document.querySelectorAll('form[role=search]'))
      form.addEventListener('submit', (event) => {
        event.preventDefault();
        this.views[this.view].focusFirst?.();
      });
    setInterval(() => this.#tick(), 1_000);
    window.addEventListener('online', () => this.stream.tryNow());
  }

  // -- where one is

  /** To another view, which is a step of the browser's history. */
  go(view, params = {}) {
    location.hash = address(view, params);
  }

  /** Changes parameters of this view; empty ones are taken away. */
  turn(changes, { push = false } = {}) {
    const params = new URLSearchParams(this.params);
    for (const [name, value] of Object.entries(changes))
      if (value === '' || value === null) params.delete(name);
      else params.set(name, value);
    const to = address(this.view, params);
    if (push) history.pushState(null, '', to);
    else history.replaceState(null, '', to);
    this.params = params;
    this.drawNow();
  }

  #follow() {
    const { view, params } = readAddress(location.hash);
    const isOther = view !== this.view;
    this.view = view;
    this.params = params;
    for (const name of VIEWS) $(`view-${name}`).hidden = name !== view;
    for (const link of document.querySelectorAll('nav a'))
      attribute(link, 'aria-current', link.dataset.view === view && 'page');
    this.#showTitle();
    if (isOther) $('main').scrollTop = 0;
    this.drawNow();
    this.views[view].entered?.({ byKey: this.#byKey });
  }

  /** Offline, the time of what is shown stands still: nodes are as they were. */
  get now() {
    return this.stream.state === 'live' || this.cluster.lastFrameAt === 0
      ? Date.now() : this.cluster.lastFrameAt;
  }

  /** What a tab in the background tells: how much is wrong. */
  #showTitle() {
    const bad = troubles(this.cluster, this.now)
      .filter(({ level }) => level === 'bad').length;
    const name = `${$(`head-${this.view}`).textContent} · Greenroom`;
    const title = this.stream.state === 'lost' ? `(offline) ${name}`
      : bad > 0 ? `(${bad}) ${name}` : name;
    if (document.title !== title) document.title = title;
  }

  // -- drawing

  /** Draws with one of the next frames, four times a second at most. */
  ask() {
    if (this.#isAsked) return;
    this.#isAsked = true;
    const wait = this.#drawnAt + TIMES.frame - performance.now();
    setTimeout(() => requestAnimationFrame(() => {
      this.#isAsked = false;
      this.#draw();
    }), Math.max(0, wait));
  }

  drawNow() {
    this.#drawnOf = '';
    this.#draw({ isForced: true });
  }

  #draw({ isForced = false } = {}) {
    this.#drawnAt = performance.now();
    this.#announce();
    this.#showBadge();
    if (this.isPaused && !isForced) {
      this.views[this.view].showPaused?.();
      this.#showState();
      return;
    }
    const { now } = this;
    // Nothing came, and the second is the same: nothing looks different.
    const of = `${this.cluster.version} ${Math.floor(now / 1_000)}`;
    if (of === this.#drawnOf) return;
    this.#drawnOf = of;
    this.views[this.view].show(now);
    this.#showState();
  }

  #tick() {
    this.cluster.tick(this.now);
    this.#showTitle();
    this.ask();
    if (this.stream.state !== 'live') this.#showState();
  }

  pause(isPaused) {
    this.isPaused = isPaused;
    this.pausedAfter = this.cluster.events.total;
    attribute($('pause'), 'aria-pressed', `${isPaused}`);
    write($('pause').lastChild, isPaused ? 'Go on' : 'Pause');
    document.body.dataset.paused = isPaused;
    if (!isPaused) this.drawNow();
    this.#showState();
  }

  // -- how it is with the stream

  #showState() {
    const { stream, cluster } = this;
    const { is, words, rest = '', long } = this.#stateWords();
    $('state').dataset.is = is;
    write($('state').firstChild.firstChild, words);
    write($('state').firstChild.lastChild, rest);
    const away = stream.state !== 'live' && cluster.hello !== null;
    document.body.dataset.stale = away;
    $('notice').hidden = !long;
    if (long) write($('notice').firstChild, long);
    $('again').hidden = stream.state === 'live';
  }

  /** `rest` is left out on a phone. */
  #stateWords() {
    const { stream, cluster } = this;
    const now = Date.now();
    const server = cluster.hello ? brief(cluster.hello.node, 24) : '';
    const past = duration((now - stream.since) / 1_000);
    const kept = cluster.lastFrameAt > 0
      ? `What you see is of ${clock(cluster.lastFrameAt - cluster.clockSkew)} UTC.`
      : '';
    const retry = stream.retryAt === null ? 'Trying again…'
      : `Trying again in ${Math.max(1, Math.ceil((stream.retryAt - now) / 1_000))} s.`;
    switch (stream.state) {
      case 'connecting':
        return { is: 'connecting', words: 'Connecting…', long: '' };
      case 'lost':
        return { is: 'lost', words: 'Offline', rest: `, ${past}`,
          long: [whyLost(stream.refusal), kept, retry].filter(Boolean)
            .join(' ') };
      case 'silent':
        return { is: 'silent', words: 'Silent', rest: `, ${past}`,
          long: `Nothing comes any more. ${kept}` };
      default:
    }
    if (!this.isPaused) return { is: 'live', words: 'Live',
      rest: ` from ${server}`, long: '' };
    return { is: 'paused', words: 'Paused', long: '' };
  }

  // -- crashes, wherever one is

  /** The only thing that is said aloud, and seldom. */
  #announce() {
    const [last] = this.cluster.incidents.all;
    if (!last || last.id === this.#announced) return;
    const now = Date.now();
    if (now - this.#announcedAt < ANNOUNCE_EVERY) return;
    const count = last.id - this.#announced;
    this.#announced = last.id;
    this.#announcedAt = now;
    const what = last.what === 'restart' ? 'restarted' : 'failed';
    write($('announce'), `${brief(called(last), 60)} on ${brief(last.node, 40)} `
      + `${what}${count > 1 ? `, and ${count - 1} others` : ''}`);
  }

  #showBadge() {
    const [last] = this.cluster.incidents.all;
    if (this.view === 'crashes' && !this.isPaused && last)
      this.#seenCrash = last.id;
    const fresh = (last?.id ?? 0) - this.#seenCrash;
    $('crash-badge').hidden = fresh === 0;
    write($('crash-badge').firstChild, fresh > 99 ? '99+' : `${fresh}`);
  }

  // -- keys

  #onKey(event) {
    this.#byKey = true;
    if (event.ctrlKey || event.metaKey || event.altKey
        || event.defaultPrevented || $('keys').open) return;
    if (event.key === 'Escape') {
      if (this.#escape()) event.preventDefault();
      return;
    }
    if (isTyping(event.target)) {
      if (event.key !== 'ArrowDown'
          || event.target !== this.views[this.view].filterInput) return;
      this.views[this.view].focusFirst?.();
    } else if (event.key >= '1' && event.key <= '5') {
      this.go(VIEWS[Number(event.key) - 1]);
    } else if (event.key === '/') {
      this.#focusFilter();
    } else if (event.key === '?') {
      $('keys').showModal();
    } else if (event.key === 'p') {
      this.pause(!this.isPaused);
    } else if (/^(j|k|ArrowDown|ArrowUp)$/.test(event.key)
        && !event.target.closest('aside, .sideways')) {
      this.views[this.view].focusFirst?.();
      if (!this.views[this.view].focusFirst) return; // The page scrolls.
    } else {
      return;
    }
    event.preventDefault();
  }

  #focusFilter() {
    if (!this.views[this.view].filterInput) {
      this.go('events');
      this.#follow(); // At once: the next letter is for the filter.
    }
    this.views[this.view].filterInput.focus();
    this.views[this.view].filterInput.select();
  }

  #escape() {
    const view = this.views[this.view];
    if (isTyping(document.activeElement)
        && document.activeElement === view.filterInput
        && view.filterInput.value === '') {
      view.focusFirst?.();
      return true;
    }
    return view.escape?.() ?? false;
  }
}

function whyLost(refusal) {
  if (!refusal) return 'The node does not answer.';
  const { status, reason } = refusal;
  if (status === 401)
    return 'The node wants a token: reload the page to give it.';
  return `The stream is refused: ${brief(reason, 200) || `status ${status}`}.`;
}

new App();
