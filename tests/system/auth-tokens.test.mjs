// [P-2.5] Which tokens are good.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { connect, dial } from './support/client.mjs';
import { temporaryFolder } from './support/files.mjs';
import { startNode } from './support/node.mjs';
import { shared, test } from './support/test.mjs';
import {
  SECRET, forge, now, packageToken, rs256Token, token, unsignedToken,
} from './support/tokens.mjs';

const start = shared(startNode);
const query = (value) => ({ query: { token: value } });

async function isGood(t, value, node) {
  const client = await connect(t, node ?? await start(), query(value));
  assert.equal(client.userId, 'ada');
}

async function isBad(t, value, node) {
  const client = dial(t, node ?? await start(), query(value));
  await client.opened;
  await client.closes(4001, 'Invalid token');
  assert.deepEqual(client.received, []);
}

const HS256 = { alg: 'HS256', typ: 'JWT' };
const claims = { sub: 'ada', exp: now() + 3600 };
const parts = (value) => value.split('.');

for (const [what, value] of [
  ['no exp', forge(HS256, { sub: 'ada' })],
  ['a fraction of a second in exp', token('ada', { exp: now() + 60.5 })],
  ['an nbf that is past', token('ada', { nbf: now() - 10 })],
  ['claims that nobody asked for', token('ada', { 'x y': { z: [1, null] } })],
  ['spaces in its JSON',
    forge('{ "alg" : "HS256" }', ` {"sub" :\t"ada"\n} `)],
  ['escapes in its JSON',
    forge(HS256, `{"sub":"\\u0061da","exp":${now() + 60}}`)],
])
  test(`[P-2.5] a token with ${what} is good`, (t) => isGood(t, value));

for (const [what, value] of [
  ['that ran out', token('ada', { exp: now() - 1 })],
  ['whose exp is no number', token('ada', { exp: `${now() + 60}` })],
  ['whose exp is null', token('ada', { exp: null })],
  ['that is not valid yet', token('ada', { nbf: now() + 60 })],
  ['whose nbf is no number', token('ada', { nbf: 'now' })],
  ['from the future', token('ada', { iat: now() + 60 })],
  ['without sub', forge(HS256, { exp: claims.exp })],
  ['whose sub is no string', forge(HS256, { ...claims, sub: 7 })],
  ['whose sub is empty', forge(HS256, { ...claims, sub: '' })],
  ['whose sub has a control character',
    forge(HS256, { ...claims, sub: 'a\u0007da' })],
  ['whose rooms is no map', token('ada', { rooms: ['lobby'] })],
  ['signed with another secret', token('ada', {}, `${SECRET}!`)],
  ['of algorithm none', unsignedToken('ada')],
  ['of algorithm none, with a signature', forge({ alg: 'none' }, claims)],
  ['of algorithm nOnE', `${parts(forge({ alg: 'nOnE' }, claims))
    .slice(0, 2).join('.')}.`],
  ['of algorithm RS256', rs256Token('ada')],
  ['that claims RS256 but is signed as HS256',
    forge({ alg: 'RS256' }, claims)],
  ['of no algorithm', forge({ typ: 'JWT' }, claims)],
  ['with a critical header that nobody knows',
    forge({ ...HS256, crit: ['exp2'], exp2: 1 }, claims)],
  ['without a signature', `${parts(token('ada')).slice(0, 2).join('.')}.`],
  ['of two parts', parts(token('ada')).slice(0, 2).join('.')],
  ['of four parts', `${token('ada')}.x`],
  ['whose signature is cut', token('ada').slice(0, -4)],
  ['whose payload was changed', (([head, , mac]) =>
    `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`
    + mac)(parts(token('eve')))],
  ['whose payload is no JSON', forge(HS256, 'hello')],
  ['whose payload is a list', forge(HS256, '["sub","ada"]')],
  ['whose header is no JSON', forge('hello', claims)],
  ['whose parts are no base64url', '***.***.***'],
  ['of dots', '..'],
])
  test(`[P-2.5] a token ${what} is bad`, (t) => isBad(t, value));

test('[P-2.5] aud has to name auth.audience', async (t) => {
  const node = await startNode(t, { 'auth.audience': 'greenroom' });
  await isGood(t, token('ada', { aud: 'greenroom' }), node);
  await isGood(t, token('ada', { aud: ['else', 'greenroom'] }), node);
  await isGood(t, packageToken('ada', { aud: 'greenroom' }), node);
  await isBad(t, token('ada', { aud: 'else' }), node);
  await isBad(t, token('ada', { aud: ['else'] }), node);
  await isBad(t, token('ada', { aud: [] }), node);
  await isBad(t, token('ada', { aud: { greenroom: 1 } }), node);
  await isBad(t, token('ada'), node);
});

test('[P-2.5] iss has to be auth.issuer', async (t) => {
  const node = await startNode(t, { 'auth.issuer': 'https://id.example' });
  await isGood(t, token('ada', { iss: 'https://id.example' }), node);
  await isBad(t, token('ada', { iss: 'https://id.example/' }), node);
  await isBad(t, token('ada', { iss: ['https://id.example'] }), node);
  await isBad(t, token('ada'), node);
});

test('[P-2.5] auth.leeway forgives clocks that differ', async (t) => {
  const node = await startNode(t, { 'auth.leeway': '30s' });
  await isGood(t, token('ada', { nbf: now() + 10, iat: now() + 10 }), node);
  await isGood(t, token('ada', { exp: now() - 5 }), node);
  await isBad(t, token('ada', { exp: now() - 60 }), node);
  await isBad(t, token('ada', { nbf: now() + 60 }), node);
});

test('[P-2.5] the key may stand in a file', async (t) => {
  const file = join(temporaryFolder(t), 'secret');
  writeFileSync(file, `${SECRET}\n`);
  const node = await startNode(t,
    { 'auth.secret': null, 'auth.secret-file': file });
  await isGood(t, token('ada'), node);
  await isBad(t, token('ada', {}, `${SECRET}\n`), node);
});

test('[P-2.6] no token is ever logged, good or bad', async (t) => {
  const node = await startNode(t, { 'log.level': 'debug' });
  const values = [token('ada'), token('bob', { exp: now() - 9 }), 'junk-token',
    forge({ alg: 'none' }, claims)];
  for (const value of values) {
    const ways = [
      dial(t, node, query(value)),
      dial(t, node, { headers: { Authorization: `Bearer ${value}` } }),
      dial(t, node, { headers: { Cookie: `token=${value}` } }),
      dial(t, node, { path: '/relay', query: { room: 'r', token: value } }),
      dial(t, node, { path: '/nothing', query: { token: value } }),
      dial(t, node, { ...query(value), origin: 'https://evil.example' }),
    ];
    const first = dial(t, node);
    await first.opened;
    first.send({ type: 'auth', token: value });
    await Promise.allSettled(ways.map((client) => client.opened));
    await (await connect(t, node, query(token('cid')))).lives();
  }
  await node.stop();
  assert.match(node.output, /"connection\.opened"/);
  for (const value of values)
    for (const part of [value, parts(value).at(-1)].filter((p) => p.length > 5))
      assert.ok(!node.output.includes(part), `the log tells ${part}`);
});
