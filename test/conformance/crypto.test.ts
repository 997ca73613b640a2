import { test } from 'node:test';
import { cryptoConformance } from '../../src/crypto/conformance.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { createPureCrypto, pureCrypto } from '../../src/crypto/pure.ts';
import { reproducibleCrypto } from '../../src/crypto/reproducible.ts';

const providers = [
  ['node', nodeCrypto],
  ['reproducible', reproducibleCrypto],
  ['pure', pureCrypto],
  ['pure with AES', createPureCrypto({ tableAes: true })],
] as const;

for (const [name, provider] of providers) {
  for (const { name: behaviour, run } of cryptoConformance()) test(`${name}: ${behaviour}`, () => run(provider));
}
