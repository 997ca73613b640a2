import type { CryptoProvider } from '../../src/core/index.ts';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { pureCrypto } from '../../src/crypto/pure.ts';

/**
 * Reproducible and quick: keys and signatures of the pure provider, which depend on nothing but the seed, with the
 * ciphers and hashes of the platform, which give the same bytes in less time.
 */
export const reproducibleCrypto: CryptoProvider = {
  name: 'reproducible',
  aeads: pureCrypto.aeads,
  groups: pureCrypto.groups,
  signatureSchemes: pureCrypto.signatureSchemes,
  hash: (name, data) => nodeCrypto.hash(name, data),
  createHash: (name) => nodeCrypto.createHash(name),
  createHmac: (name, key) => nodeCrypto.createHmac(name, key),
  createAead: (name, key) => nodeCrypto.createAead(name, key),
  generateKeyAgreement: (group, random) => pureCrypto.generateKeyAgreement(group, random),
  generateSigningKey: (kind, random) => pureCrypto.generateSigningKey(kind, random),
  importSigningKey: (pkcs8) => pureCrypto.importSigningKey(pkcs8),
  verify: (scheme, publicKey, data, signature) => pureCrypto.verify(scheme, publicKey, data, signature),
};
