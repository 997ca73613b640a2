import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8, type Environment, toHex } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { pureCrypto } from '../../../src/crypto/pure.ts';
import { Certificate } from '../../../src/dtls/index.ts';
import { DtlsPair, environmentOf } from '../../support/dtls.ts';

const environment = (seed: number, crypto = pureCrypto): Environment => ({ ...environmentOf(seed), crypto });

function session(seed: number): string[] {
  const pair = new DtlsPair(
    {
      client: { certificate: Certificate.generate({ now: 0 }, environment(seed)), remoteFingerprints: undefined },
      server: { certificate: Certificate.generate({ now: 0 }, environment(seed + 1)), remoteFingerprints: undefined },
    },
    1,
    { client: environment(seed + 2), server: environment(seed + 3) },
  ).handshake();
  pair.send('client', encodeUtf8('data'));
  return pair.sent.map(({ bytes }) => toHex(bytes));
}

test('with the pure provider a seed decides every byte of a session', () => {
  const first = session(40);
  assert.ok(first.length >= 5);
  assert.deepEqual(session(40), first);
  assert.notDeepEqual(session(50), first);
});

for (const aead of pureCrypto.aeads)
  test(`the pure and the native provider understand each other with ${aead}`, () => {
    for (const crypto of [
      { client: pureCrypto, server: nodeCrypto },
      { client: nodeCrypto, server: pureCrypto },
    ]) {
      const pair = new DtlsPair({ client: { aeads: [aead] } }, 1, { client: environment(1, crypto.client), server: environment(2, crypto.server) }).handshake();
      assert.equal(pair.server.cipherSuite?.aead, aead);
      pair.send('client', encodeUtf8('data'));
      pair.send('server', encodeUtf8('data'));
      pair.settle();
      assert.deepEqual(pair.data, { client: [encodeUtf8('data')], server: [encodeUtf8('data')] });
    }
  });
