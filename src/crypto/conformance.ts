import type { CryptoProvider } from '../core/index.ts';
import { agreementCases } from './suite/agreement.ts';
import { aeadCases } from './suite/ciphers.ts';
import { counterCases } from './suite/counter.ts';
import { hashCases, hmacCases } from './suite/hashes.ts';
import { signatureCases, signingKeyCases } from './suite/signatures.ts';
import { type ConformanceCase, must } from './suite/support.ts';

export type { ConformanceCase } from './suite/support.ts';

/**
 * What a {@link CryptoProvider} must do, for any test runner: known answers, and above all what must be refused.
 *
 * @example
 * for (const { name, run } of cryptoConformance()) test(name, () => run(myCrypto));
 */
export function cryptoConformance(): readonly ConformanceCase[] {
  return [
    { name: 'lists a name and at least one cipher, group and signature scheme, each once', run: checkLists },
    ...hashCases(),
    ...hmacCases(),
    ...aeadCases(),
    ...counterCases(),
    ...agreementCases(),
    ...signatureCases(),
    ...signingKeyCases(),
  ];
}

function checkLists(provider: CryptoProvider): void {
  must(provider.name.length > 0, 'no name');
  for (const list of [provider.aeads, provider.groups, provider.signatureSchemes]) {
    must(list.length > 0, 'an empty list');
    must(new Set<string>(list).size === list.length, 'an entry twice');
  }
}
