// What requests and answers have to do with each other.

const ANSWERS = ['ack', 'refused', 'page'];

/** Every request is answered once, unless its connection ended. */
export function* answered(run) {
  const atRest = run.events.some((event) =>
    event.kind === 'quiet' || event.kind === 'unrest');
  for (const send of run.sends)
    if (atRest && send.answers.length === 0
      && run.connections.get(send.c).ended === null)
      yield ['never answered', send];
  for (const stray of run.strays)
    if (ANSWERS.includes(stray.kind))
      yield ['an answer to nothing that was asked', stray];
}

/** A room is of the order that was configured. */
export function* order(run) {
  for (const { periods } of run.stays)
    for (const joined of periods)
      // `resumed` does not tell it, and neither does it change.
      if (joined.order !== undefined && joined.order !== run.profile.order)
        yield [`the room is not of order ${run.profile.order}`, joined];
}

/** Everything became quiet once all faults were over. */
export function* rest(run) {
  for (const event of run.events)
    if (event.kind === 'unrest') yield [event.what, event];
}
