import { BOUNDS } from './bounds.js';
import { $, keep, write } from './dom.js';
import { incidentRow } from './incident-row.js';
import { many } from './words.js';

/** All that failed, the newest first, with what became of it. */
export class CrashesView {
  constructor(app) {
    this.app = app;
    $('crashes').addEventListener('keydown', (event) => this.#onKey(event));
  }

  show(now) {
    const { all } = this.app.cluster.incidents;
    keep($('crashes'), all, ({ id }) => id, (each) => incidentRow.make(each),
      (row, each) => incidentRow.update(row, each, now));
    write($('crashes-count'), all.length === 0 ? ''
      : `${many(all.length, 'entry', 'entries')}; ${BOUNDS.incidents} are kept`);
    $('crashes-empty').hidden = all.length > 0;
    write($('crashes-empty'),
      'Nothing has crashed or begun anew since this page was opened.');
  }

  focusFirst() {
    $('crashes').querySelector('summary')?.focus();
  }

  #onKey(event) {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (!step || event.target.tagName !== 'SUMMARY') return;
    const all = [...$('crashes').querySelectorAll('summary')];
    all[all.indexOf(event.target) + step]?.focus();
    event.preventDefault();
  }
}
