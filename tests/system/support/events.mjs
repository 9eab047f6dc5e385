// Every line that a node prints, checked against docs/events.schema.json as a
// log tool would: each is whole, of a known event, and numbered.

import { readFileSync } from 'node:fs';

import Ajv from 'ajv/dist/2020.js';

export const schema = JSON.parse(readFileSync(
  new URL('../../../docs/events.schema.json', import.meta.url), 'utf8'));

const ajv = new Ajv({ strict: true, formats: { 'date-time': true } });
ajv.addSchema(schema);

/** The event's own part of the schema says what is wrong, the whole only that. */
function partFor(name) {
  if (!Object.hasOwn(schema.$defs, name)) return null;
  return ajv.getSchema(`${schema.$id}#/$defs/${name}`);
}

/** What is wrong with an event, as a text; null if nothing is. */
export function complaintOf(event) {
  const part = partFor(event?.event ?? '');
  if (!part) return 'there is no such event';
  return part(event) ? null : ajv.errorsText(part.errors);
}

/** Whether an event is one that the schema as a whole takes. */
export const isEvent = ajv.getSchema(schema.$id);

/** The lines of one run of a node. */
export class LogCheck {
  complaints = [];
  #last = 0;
  #holes = 0;
  #dropped = 0;
  /** A line that is no JSON: the end of what was killed while it wrote. */
  #torn = null;

  /** Reads a line; null where it is no event. */
  read(line) {
    if (this.#torn !== null) this.complaints.push(`no JSON: ${this.#torn}`);
    this.#torn = null;
    let event;
    try {
      event = JSON.parse(line);
    } catch {
      this.#torn = line;
      return null;
    }
    const wrong = complaintOf(event);
    if (wrong) this.complaints.push(`${wrong}: ${line}`);
    if (event.seq <= this.#last)
      this.complaints.push(`seq ${this.#last} came before: ${line}`);
    this.#holes += event.seq - this.#last - 1;
    this.#last = event.seq;
    if (event.event === 'log.dropped') this.#dropped += event.lines;
    return event;
  }

  /** All that is wrong; what has ended by itself has told all. */
  atEnd({ wasKilled }) {
    const all = [...this.complaints];
    if (wasKilled) return all;
    if (this.#torn !== null) all.push(`no JSON: ${this.#torn}`);
    if (this.#holes !== this.#dropped)
      all.push(`seq leaves out ${this.#holes} lines, and log.dropped tells of `
        + `${this.#dropped}`);
    return all;
  }
}
