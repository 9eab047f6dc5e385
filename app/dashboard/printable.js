/** What shows nothing, or moves what stands beside it. */
const UNSEEN = new RegExp('[\\p{Cc}\\p{Cf}\\p{Co}\\p{Cs}\\p{Zl}\\p{Zp}'
  + '\\p{Default_Ignorable_Code_Point}]', 'gu');

/** Marks that pile up on one character reach into other lines. */
const PILED = /(\p{M}{2})(\p{M}+)/gu;

/**
 * A text that others chose, with controls, overrides of direction and the like
 * shown as `\x1b` and `\u{202e}`, as `greenroom top` shows them.
 */
export function printable(text) {
  return text.replace(UNSEEN, escaped)
    .replace(PILED, (_, kept, more) => kept + [...more].map(escaped).join(''));
}

function escaped(character) {
  const code = character.codePointAt(0);
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u{${code.toString(16)}}`;
}
