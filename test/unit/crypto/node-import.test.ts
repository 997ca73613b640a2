import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { toHex } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { readsJwk } from '../../../src/crypto/node-import.ts';
import { seededRandom } from '../../support/fuzz.ts';

const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** Keys of every kind from one seed, and what the suite says about the provider that made them. */
function inChild(preload: string): { jwk: boolean; keys: string[]; failed: string[] } {
  const script = `
    const { toHex } = await import(${url('../../../src/core/index.ts')});
    const { nodeCrypto } = await import(${url('../../../src/crypto/node.ts')});
    const { readsJwk } = await import(${url('../../../src/crypto/node-import.ts')});
    const { cryptoConformance } = await import(${url('../../../src/crypto/conformance.ts')});
    const { seededRandom } = await import(${url('../../support/fuzz.ts')});
    const failed = cryptoConformance().filter(({ run }) => { try { run(nodeCrypto); return false; } catch { return true; } }).map(({ name }) => name);
    const keys = nodeCrypto.groups.map((group) => toHex(nodeCrypto.generateKeyAgreement(group, seededRandom(1)).publicKey))
      .concat(['ecdsa-p256', 'ecdsa-p384'].map((kind) => toHex(nodeCrypto.generateSigningKey(kind, seededRandom(2)).exportPrivateKey())));
    console.log(JSON.stringify({ jwk: readsJwk(), keys, failed }));
  `;
  const module = `data:text/javascript,${encodeURIComponent(`
    import crypto from 'node:crypto';
    import { syncBuiltinESMExports } from 'node:module';
    const { createPrivateKey } = crypto;
    ${preload}
    syncBuiltinESMExports();
  `)}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--import', module, '--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as ReturnType<typeof inChild>;
}

const expected: readonly string[] = [
  ...nodeCrypto.groups.map((group) => toHex(nodeCrypto.generateKeyAgreement(group, seededRandom(1)).publicKey)),
  ...(['ecdsa-p256', 'ecdsa-p384'] as const).map((kind) => toHex(nodeCrypto.generateSigningKey(kind, seededRandom(2)).exportPrivateKey())),
];

test('this runtime reads JSON Web Keys as it should, up to Node.js 24; later ones refuse a public part that does not fit, and read DER', () => {
  assert.equal(readsJwk(), Number(process.versions.node.split('.')[0]) <= 24);
});

for (const [what, preload] of [
  ['reads no JSON Web Keys', `crypto.createPrivateKey = (input) => { if (input.format === 'jwk') throw new Error('jwk'); return createPrivateKey(input); };`],
  [
    'takes another number out of them',
    `crypto.createPrivateKey = (input) => createPrivateKey(input.format === 'jwk' && input.key.kty === 'OKP' ? { ...input, key: { ...input.key, d: input.key.d.replace(/^./, 'Z') } } : input);`,
  ],
] as const) {
  test(`a platform that ${what} gets DER, with the same keys`, () => {
    assert.deepEqual(inChild(preload), { jwk: false, keys: expected, failed: [] });
  });
}
