// Redis's wire format, as far as a proxy needs it to tell one value from the
// next, and to falsify what comes over Pub/Sub.

/** The end of the value that begins at `at`, or -1 when it is not all there. */
function endOf(bytes, at) {
  const line = bytes.indexOf('\r\n', at);
  if (line < 0) return -1;
  const type = String.fromCharCode(bytes[at]);
  const count = Number(bytes.toString('latin1', at + 1, line));
  let end = line + 2;
  if ('$=!'.includes(type))
    return count < 0 ? end
      : end + count + 2 > bytes.length ? -1 : end + count + 2;
  const parts = '*>~'.includes(type) ? count : '%|'.includes(type) ? count * 2 : 0;
  // An attribute stands before the value that it belongs to.
  for (let i = 0; i < parts + (type === '|' ? 1 : 0); ++i) {
    end = endOf(bytes, end);
    if (end < 0) return -1;
  }
  return end;
}

const PUBLISHED = /^[>*]3\r\n\$7\r\nmessage\r\n/;

/**
 * Puts each value that somebody published through `change(bytes)`, which gives
 * what is sent instead; everything else goes as it came.
 */
export function publishedThrough(change) {
  let rest = Buffer.alloc(0);
  return (piece) => {
    rest = Buffer.concat([rest, piece]);
    const out = [];
    for (;;) {
      const end = rest.length === 0 ? -1 : endOf(rest, 0);
      if (end < 0) return Buffer.concat(out);
      const value = rest.subarray(0, end);
      rest = rest.subarray(end);
      out.push(PUBLISHED.test(value.toString('latin1', 0, 24))
        ? change(value) : value);
    }
  };
}
