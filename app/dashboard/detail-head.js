import { make } from './dom.js';

/** The head of a detail beside a list, which both of its buttons close. */
export function detailHead(title, onClose) {
  const button = (attributes, text) => {
    const made = make('button', { type: 'button', ...attributes }, text);
    made.addEventListener('click', onClose);
    return made;
  };
  return make('header', { class: 'head' },
    button({ class: 'button back' }, 'Back'), make('h2', {}, title),
    button({ class: 'button close', 'aria-label': 'Close' }, '×'));
}
