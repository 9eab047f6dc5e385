// Decides whether a history keeps what its profile promises, and by what it
// does not. Pure: a history in, complaints out.

import { PROFILES } from './profiles.mjs';
import { read } from './reading.mjs';
import * as answers from './rules-answers.mjs';
import * as directs from './rules-directed.mjs';
import * as past from './rules-history.mjs';
import * as keys from './rules-keys.mjs';
import * as loss from './rules-loss.mjs';
import * as orders from './rules-order.mjs';
import * as quiet from './rules-rest.mjs';

/** By name; each yields [what is wrong, …the fewest events that show it]. */
export const RULES = {
  'rest': answers.rest,
  'answered [P-3.3]': answers.answered,
  'order': answers.order,
  'nowhere': orders.nowhere,
  'own [P-3.3]': orders.own,
  'twice [P-4.1]': orders.twice,
  'identity': orders.identity,
  'moved [P-3.4]': orders.moved,
  'fifo [P-9.1]': orders.fifo,
  'one-order': orders.oneOrder,
  'jump [P-4.1]': loss.jump,
  'recovered [P-4.2]': loss.recovered,
  'overtaken [P-4.14]': loss.overtaken,
  'missing': loss.missing,
  'healed [P-9.7]': loss.healed,
  'directed [P-3.7]': directs.directed,
  'delivered [P-3.7]': directs.delivered,
  'history [P-3.16]': past.history,
  'presence': quiet.presence,
  'state [P-4.6]': quiet.state,
  'bound [P-3.17]': keys.bound,
  'ttl [P-3.17]': keys.ttl,
};

/**
 * [{rule, what, witnesses, times}], one for each rule that is broken. The rules
 * that `allowed` names are not asked.
 */
export function check(events, name = events[0].profile, allowed = []) {
  if (!PROFILES[name]) throw new Error(`there is no profile ${name}`);
  const profile = { ...PROFILES[name] };
  // Only who keeps its session has said what is replayed to it.
  if (events[0].resume) profile.replaysOwn = true;
  const run = read(events, profile);
  const complaints = [];
  for (const [rule, find] of Object.entries(RULES)) {
    if (allowed.includes(rule)) continue;
    const found = [...find(run)];
    if (found.length === 0) continue;
    // The one that shows it with the fewest events, and the earliest of these.
    const [what, ...witnesses] = found.reduce((best, next) =>
      (next.length < best.length ? next : best));
    complaints.push({ rule, what, witnesses, times: found.length });
  }
  return complaints;
}

/** For people. */
export function describe(complaints) {
  return complaints.map(({ rule, what, witnesses, times }) =>
    `${rule}: ${what}${times > 1 ? ` (and ${times - 1} more)` : ''}\n`
    + witnesses.map((event) => `    ${JSON.stringify(event)}\n`).join(''))
    .join('');
}
