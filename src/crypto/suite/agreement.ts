import { type CryptoProvider, equalBytes, fromHex, type GroupName } from '../../core/index.ts';
import { type ConformanceCase, must, mustThrow, same, sourceOf } from './support.ts';
import { AGREEMENT_VECTORS, BAD_PUBLIC_KEYS } from './vectors.ts';

export function agreementCases(): ConformanceCase[] {
  const cases: ConformanceCase[] = [];
  for (const v of AGREEMENT_VECTORS) {
    const add = (what: string, check: (provider: CryptoProvider) => void): void => {
      cases.push({ name: `${v.group}: ${what}`, run: (provider) => void (provider.groups.includes(v.group) && check(provider)) });
    };
    add(`${v.source}; the private key is the next bytes of the random source`, (provider) => {
      const ours = provider.generateKeyAgreement(v.group, sourceOf(fromHex(v.privateKey)));
      must(ours.group === v.group, 'another group');
      same(ours.publicKey, v.publicKey, 'public key');
      same(ours.deriveSecret(fromHex(v.peerPublicKey)), v.secret, 'secret');
    });
    add('two sides agree, and other keys give other secrets', (provider) => {
      const [a, b, c] = [1, 2, 3].map((seed) => provider.generateKeyAgreement(v.group, sourceOf(new Uint8Array(0), seed)));
      if (a === undefined || b === undefined || c === undefined) throw new Error('no key');
      const secret = a.deriveSecret(b.publicKey);
      must(secret.length === v.secret.length / 2, `a secret of ${secret.length} bytes`);
      must(equalBytes(secret, b.deriveSecret(a.publicKey)), 'the sides disagree');
      must(!equalBytes(secret, a.deriveSecret(c.publicKey)), 'two peers share a secret');
    });
    for (const [reason, key] of BAD_PUBLIC_KEYS[v.group]) {
      add(`refuses a key: ${reason} (RFC 7748 6.1, RFC 8422 5.11)`, (provider) => {
        const ours = provider.generateKeyAgreement(v.group, sourceOf(fromHex(v.privateKey)));
        mustThrow('ERR_CRYPTO', reason, () => ours.deriveSecret(fromHex(key)));
      });
    }
  }
  for (const group of ['secp256r1', 'secp384r1'] as const) {
    cases.push({
      name: `${group}: random bytes that are no scalar are drawn again, and a source that gives nothing else is refused`,
      run(provider): void {
        if (!provider.groups.includes(group)) return;
        const zeroFirst = provider.generateKeyAgreement(group, sourceOf(new Uint8Array(group === 'secp256r1' ? 32 : 48)));
        must(zeroFirst.publicKey.some((byte, i) => i > 0 && byte !== 0), 'the scalar zero was used');
        mustThrow('ERR_CRYPTO', 'a source of zeros', () => provider.generateKeyAgreement(group, (into) => into.fill(0)));
        mustThrow('ERR_CRYPTO', 'a source of ones', () => provider.generateKeyAgreement(group, (into) => into.fill(0xff)));
      },
    });
  }
  cases.push({
    name: 'a group that is not listed is not supported',
    run: (provider) => mustThrow('ERR_NOT_SUPPORTED', 'group', () => provider.generateKeyAgreement('secp521r1' as GroupName, sourceOf(new Uint8Array(0)))),
  });
  return cases;
}
