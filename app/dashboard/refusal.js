const ANSWER_WITHIN = 5_000; // Milliseconds.
const REASON_MOST = 200; // Characters.

/**
 * Why a stream is refused, which EventSource does not tell: {status, reason},
 * or null where it is not, or nobody answers. HEAD opens no stream; the reason
 * is what GET would say.
 */
export async function refusalOf(url) {
  const ended = new AbortController();
  const late = setTimeout(() => ended.abort(), ANSWER_WITHIN);
  const ask = (method) =>
    fetch(url, { method, signal: ended.signal, cache: 'no-store' });
  try {
    if ((await ask('HEAD')).ok) return null;
    const answer = await ask('GET');
    if (answer.ok) return null; // There was a place just now.
    // What is no text is a page of a proxy.
    const isText = /^text\/plain/.test(answer.headers.get('content-type'));
    return { status: answer.status,
      reason: isText ? (await answer.text()).trim().slice(0, REASON_MOST) : '' };
  } catch {
    return null;
  } finally {
    clearTimeout(late);
    ended.abort();
  }
}
