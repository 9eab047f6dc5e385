// `./dev chaos`: long runs by hand, and the check of a history that was kept.

import { parseArgs } from 'node:util';

import { Scope } from '../support/scope.mjs';
import { BREAKS } from './breaks.mjs';
import { RULES, check, describe } from './check.mjs';
import { keptAt, loadHistory } from './history.mjs';
import { PROFILES } from './profiles.mjs';
import { DEFAULTS, runChaos } from './run.mjs';
import { FAULTS, faultsOf } from './schedule.mjs';

const HELP = `./dev chaos [--seed N] [--seconds N] [--order fifo|total] [--single]
            [--clients N] [--rooms N] [--rate N] [--bytes N] [--faults LIST]
            [--resume] [--state] [--break NAME] [--allow RULES] [--keep FILE]
./dev chaos check FILE [--profile NAME] [--allow RULES]

Runs Redis, three nodes and clients under faults, and checks every promise.
  --seed     repeats the operations of the run that printed it
  --order    the order of the rooms, and with it what is promised
  --single   one node and no Redis
  --rate     messages a second of each client
  --bytes    the length of messages; with long ones, slow readers miss some
  --faults   all, none, or names and their beginnings, with commas:
             ${Object.keys(FAULTS).join(' ')}
  --resume   clients come back by resume; --state: they set keys, some of
             which are bound or have a time; for nodes that serve these
  --break    breaks a promise on purpose: ${BREAKS.join(' ')}
  --allow    rules that are not asked, by the beginnings of their names
  --keep     writes the history to FILE, also when all is well
`;

const number = (text, name) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`--${name} takes a number, not ${text}`);
  return value;
};

function options(args) {
  const { values, positionals } = parseArgs({ args, allowPositionals: true,
    options: {
      seed: { type: 'string' }, seconds: { type: 'string', default: '60' },
      order: { type: 'string', default: 'fifo' }, single: { type: 'boolean' },
      clients: { type: 'string' }, rooms: { type: 'string' },
      rate: { type: 'string' }, bytes: { type: 'string' },
      faults: { type: 'string' },
      resume: { type: 'boolean' }, state: { type: 'boolean' },
      break: { type: 'string' }, allow: { type: 'string' }, keep: { type: 'string' },
      profile: { type: 'string' }, help: { type: 'boolean' },
    } });
  const o = { ...DEFAULTS, ...values, positionals };
  for (const name of ['seconds', 'clients', 'rooms', 'rate', 'bytes'])
    o[name] = number(o[name], name);
  o.allow = Object.keys(RULES).filter((rule) => (values.allow ?? '').split(',')
    .some((word) => word !== '' && rule.startsWith(word)));
  o.seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32)
    : number(values.seed, 'seed');
  o.profile = values.profile ?? (values.single ? 'single' : values.order);
  if (!(o.profile in PROFILES)) throw new Error(`no profile ${o.profile}`);
  if (o.clients === 0 || o.rooms === 0) throw new Error('somebody has to talk');
  if (o.break && !BREAKS.includes(o.break)) throw new Error(`no ${o.break}`);
  faultsOf(o.faults);
  return o;
}

function verdict(events, complaints) {
  const count = (kind) => events.filter((e) => e.kind === kind).length;
  process.stdout.write(`${count('publish')} publishes, ${count('ack')} acks, `
    + `${count('message')} deliveries, ${count('gap')} gaps, `
    + `${count('handed')} messages to some, ${count('set')} keys set, `
    + `${count('page')} pages, `
    + `${count('open')} connections, ${count('fault')} lines of faults\n`);
  process.stdout.write(complaints.length === 0 ? 'every promise was kept\n'
    : describe(complaints));
  return complaints.length === 0 ? 0 : 1;
}

async function runAndTell(o) {
  const scope = new Scope(() => {});
  const { positionals, keep, help, single, order, ...rest } = o;
  process.stdout.write(`seed ${o.seed}, profile ${o.profile}\n`);
  let history;
  try {
    let complaints;
    ({ history, complaints } = await runChaos(scope, rest));
    const status = verdict(history.events, complaints);
    if (status !== 0 || keep) {
      const file = keep ?? keptAt(o);
      history.save(file);
      process.stdout.write(`the history is in ${file}; look again with\n`
        + `    ./dev chaos check ${file}\n`);
    }
    return status;
  } finally {
    await scope.end();
  }
}

async function main(args) {
  const o = options(args);
  if (o.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [verb, file] = o.positionals;
  if (verb === undefined) return runAndTell(o);
  if (verb !== 'check' || !file) throw new Error(`no verb ${verb}`);
  const events = loadHistory(file);
  return verdict(events,
    check(events, args.some((arg) => arg.startsWith('--profile'))
      ? o.profile : undefined, o.allow));
}

main(process.argv.slice(2)).then((status) => (process.exitCode = status),
  (error) => {
    process.stderr.write(`chaos: ${error.message}\n`);
    process.exitCode = 2;
  });
