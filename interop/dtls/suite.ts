import type { Suite } from '../suite.ts';
import { hasTool } from './peers.ts';
import { DTLS_CASES, nameOf, runCase } from './run.ts';

/** DTLS alone against the command-line tools of OpenSSL and GnuTLS. */
export const dtlsSuite: Suite = {
  name: 'dtls',
  async missing() {
    if (!(await hasTool('openssl'))) return 'openssl is not installed';
    return (await hasTool('gnutls-cli')) ? undefined : 'gnutls-bin is not installed';
  },
  cases: () => DTLS_CASES.map((one) => ({ name: nameOf(one), run: () => runCase(one) })),
};
