// What something started, and how all of it is ended again.

/** What has to be undone, last first. */
export class Scope {
  #undo = [];

  constructor(diagnostic) {
    /** Adds a line to the report of the test. */
    this.diagnostic = diagnostic;
  }

  after(step) {
    this.#undo.push(step);
  }

  async end() {
    const faults = [];
    while (this.#undo.length > 0) {
      try {
        await this.#undo.pop()();
      } catch (fault) {
        faults.push(fault);
      }
    }
    if (faults.length > 0) throw faults[0];
  }
}
