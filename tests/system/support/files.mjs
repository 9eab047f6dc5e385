// Temporary folders and certificates.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A CA and a certificate of its own, as files; for loopback by default. */
export function certificates(folder, name,
  names = 'IP:127.0.0.1,DNS:localhost') {
  const at = (suffix) => join(folder, `${name}.${suffix}`);
  const openssl = (...args) =>
    execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
    '-nodes'];
  openssl('req', '-x509', ...key, '-days', '2', '-subj', `/CN=${name} CA`,
    '-keyout', at('ca.key'), '-out', at('ca.crt'));
  openssl('req', ...key, '-subj', '/CN=greenroom test', '-keyout', at('key'),
    '-out', at('csr'));
  writeFileSync(at('ext'), `subjectAltName=${names}\n`);
  openssl('x509', '-req', '-in', at('csr'), '-CA', at('ca.crt'), '-CAkey',
    at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at('ext'),
    '-out', at('crt'));
  return { ca: at('ca.crt'), cert: at('crt'), key: at('key') };
}
