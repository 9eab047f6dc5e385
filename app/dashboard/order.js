/** As people sort names: `room 9` before `room 10`. */
export const order = new Intl.Collator('en', { numeric: true }).compare;
