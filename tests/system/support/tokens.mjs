// Tokens as an application's own backend would make them.

import { createHmac, generateKeyPairSync } from 'node:crypto';

import jwt from 'jsonwebtoken';

export const SECRET = 'a secret that only the tests and their nodes share';

export const now = () => Math.floor(Date.now() / 1000);

/** An HS256 token for `sub` that lives a minute, unless `claims` say else. */
export function token(sub, claims = {}, secret = SECRET) {
  return forge({ alg: 'HS256', typ: 'JWT' },
    { sub, iat: now(), exp: now() + 60, ...claims }, secret);
}

/** The same through the package that most backends use. */
export function packageToken(sub, claims = {}, options = {}) {
  return jwt.sign({ sub, ...claims }, options.key ?? SECRET, {
    expiresIn: 60,
    algorithm: 'HS256',
    ...options.sign,
  });
}

export function unsignedToken(sub) {
  return jwt.sign({ sub }, '', { algorithm: 'none', expiresIn: 60 });
}

export function rs256Token(sub) {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return jwt.sign({ sub }, privateKey, { algorithm: 'RS256', expiresIn: 60 });
}

const base64url = (what) => Buffer.from(what).toString('base64url');

/** Signs any header and payload with HMAC-SHA-256, good or not. */
export function forge(header, payload, secret = SECRET) {
  const text = (part) =>
    base64url(typeof part === 'string' ? part : JSON.stringify(part));
  const signed = `${text(header)}.${text(payload)}`;
  const mac = createHmac('sha256', secret).update(signed).digest('base64url');
  return `${signed}.${mac}`;
}
