// Tests wait for conditions, never for time. Every wait has a deadline, and a
// missed deadline tells what was awaited and what came instead.

import { isDeepStrictEqual } from 'node:util';

/** How long a test waits for something that should happen at once. */
export const SOON = 10_000 * Number(process.env.GREENROOM_TEST_SLACK ?? 1);

/** Rejects with `what` when `promise` takes longer than `ms`. */
export function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      const text = typeof what === 'function' ? what() : what;
      reject(new Error(`not within ${ms} ms: ${text}`));
    }, ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Asks `probe` again and again until it answers something truthy. */
export async function eventually(what, probe, ms = SOON) {
  const end = Date.now() + ms;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (Date.now() > end)
      throw new Error(`not within ${ms} ms: `
        + `${typeof what === 'function' ? what() : what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A string matches `type`, an object the fields it names, or it is asked. */
export function matcher(pattern) {
  if (typeof pattern === 'function') return pattern;
  if (typeof pattern === 'string') return (item) => item.type === pattern;
  return (item) =>
    Object.entries(pattern).every(([key, value]) =>
      isDeepStrictEqual(item[key], value));
}

function describe(pattern) {
  return typeof pattern === 'function'
    ? pattern.toString()
    : JSON.stringify(pattern);
}

/** Things that arrive one by one, for readers that wait for one of them. */
export class Inbox {
  /** Everything that ever came, in order. */
  items = [];
  #fresh = [];
  #waiting = [];
  #ended = null;

  constructor(context = () => '') {
    this.context = context;
  }

  push(item) {
    this.items.push(item);
    const index = this.#waiting.findIndex((w) => w.match(item));
    if (index < 0) this.#fresh.push(item);
    else this.#waiting.splice(index, 1)[0].resolve(item);
  }

  /** Nothing more comes: who still waits fails with `reason`. */
  end(reason) {
    this.#ended ??= reason;
    for (const waiter of this.#waiting.splice(0))
      waiter.reject(new Error(this.#complaint(reason, waiter.pattern)));
  }

  /** The first item not yet taken that matches, now or as soon as it comes. */
  take(pattern = () => true, ms = SOON) {
    const match = matcher(pattern);
    const index = this.#fresh.findIndex(match);
    if (index >= 0) return Promise.resolve(this.#fresh.splice(index, 1)[0]);
    if (this.#ended)
      return Promise.reject(
        new Error(this.#complaint(this.#ended, pattern)));
    const waiter = { match, pattern };
    const promise = new Promise((resolve, reject) => {
      Object.assign(waiter, { resolve, reject });
    });
    this.#waiting.push(waiter);
    return within(ms, promise, () => {
      const at = this.#waiting.indexOf(waiter);
      if (at >= 0) this.#waiting.splice(at, 1);
      return this.#complaint('waited', pattern);
    });
  }

  /** What came and was not taken. */
  get fresh() {
    return [...this.#fresh];
  }

  #complaint(reason, pattern) {
    const last = this.items.slice(-8).map((i) => short(i)).join('\n  ');
    return `${reason}; wanted ${describe(pattern)}, last came:\n  `
      + `${last || '(nothing)'}\n${this.context()}`;
  }
}

function short(item) {
  const text = JSON.stringify(item, (_, value) =>
    typeof value === 'bigint' ? `${value}n` : value) ?? String(item);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
