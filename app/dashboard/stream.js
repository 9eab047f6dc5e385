import { TIMES } from './bounds.js';
import { refusalOf } from './refusal.js';

const RETRY_FIRST = 1_000;
const RETRY_MOST = 10_000;

/**
 * The stream of frames, kept open. EventSource comes back by itself when a
 * connection ends, but not when it is refused (a proxy says 502), nor when
 * nothing comes any more; so both are watched here.
 */
export class Stream {
  /** `connecting`, `live`, `silent`, `lost`. */
  state = 'connecting';
  /** Since when it is not live. */
  since = Date.now();
  /** When it is tried again, where that is known. */
  retryAt = null;
  /** Why it is refused, where that is known: {status, reason}. */
  refusal = null;
  #source;
  #timer;
  #attempts = 0;
  #heardAt = 0;

  /** `onText(text)` for each frame; `onState()` when the state changes. */
  constructor(url, { onText, onState }) {
    Object.assign(this, { url, onText, onState });
    this.#open();
    setInterval(() => this.#watch(), 1_000);
  }

  tryNow() {
    this.#attempts = 0;
    this.#open();
  }

  #open() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.retryAt = null;
    const source = new EventSource(this.url);
    this.#source = source;
    this.#heardAt = Date.now();
    source.onmessage = ({ data }) => {
      this.#heardAt = Date.now();
      this.#attempts = 0;
      this.#become('live');
      this.onText(data);
    };
    source.onerror = () => {
      this.#become('lost');
      if (source.readyState === EventSource.CLOSED) this.#openLater();
    };
  }

  #openLater() {
    const pause = Math.min(RETRY_MOST, RETRY_FIRST * 2 ** this.#attempts++);
    this.retryAt = Date.now() + pause;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), pause);
    this.onState();
    this.#askWhy(this.#source);
  }

  async #askWhy(source) {
    const refusal = await refusalOf(this.url);
    if (source !== this.#source || this.state !== 'lost') return;
    this.refusal = refusal;
    this.onState();
  }

  #watch() {
    const quiet = Date.now() - this.#heardAt;
    if (this.state === 'live' && quiet > TIMES.silent) this.#become('silent');
    if (this.retryAt === null && quiet > TIMES.stalled) this.#open();
  }

  #become(state) {
    if (state === this.state) return;
    if (this.state === 'live' || state === 'live') this.since = Date.now();
    this.state = state;
    if (state === 'live') this.refusal = null;
    this.onState();
  }
}
