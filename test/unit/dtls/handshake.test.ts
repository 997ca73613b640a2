import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8, toHex } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { certificateOf, DtlsPair } from '../../support/dtls.ts';

const AEADS = ['aes-128-gcm', 'aes-256-gcm', 'chacha20-poly1305'] as const;
const GROUPS = ['x25519', 'secp256r1', 'secp384r1'] as const;

function assertWorks(pair: DtlsPair): void {
  assert.equal(pair.client.state, 'connected', JSON.stringify(pair.events));
  assert.equal(pair.server.state, 'connected', JSON.stringify(pair.events));
  assert.equal(pair.client.cipherSuite, pair.server.cipherSuite);
  pair.send('client', encodeUtf8('from client'));
  pair.send('server', encodeUtf8('from server'));
  pair.settle();
  assert.deepEqual(pair.data, { client: [encodeUtf8('from server')], server: [encodeUtf8('from client')] });
  const label = 'EXTRACTOR-dtls_srtp';
  assert.equal(toHex(pair.client.exportKeyingMaterial(label, 60)), toHex(pair.server.exportKeyingMaterial(label, 60)));
  assert.deepEqual(pair.client.pollTimeout(), undefined);
  assert.deepEqual(pair.server.pollTimeout(), undefined);
}

test('a client and a server connect and exchange application data (RFC 6347 4.2)', () => {
  const pair = new DtlsPair().handshake();
  assertWorks(pair);
  assert.equal(pair.client.cipherSuite?.aead, nodeCrypto.aeads[0]); // the fastest of both providers
  assert.equal(pair.client.srtpProfile, 7);
  assert.equal(pair.client.version, 0xfefd);
  assert.deepEqual(pair.client.remoteCertificate, certificateOf('server').der);
  assert.deepEqual(pair.server.remoteCertificate, certificateOf('client').der);
  assert.equal(pair.client.stats().retransmissions + pair.server.stats().retransmissions, 0);
});

for (const kind of ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048'] as const)
  for (const aead of AEADS)
    for (const group of GROUPS)
      test(`${kind} certificates, ${aead} and ${group} connect (RFC 5289, 7905, 8422)`, () => {
        const pair = new DtlsPair({
          client: { certificate: certificateOf('client', kind), aeads: [aead], groups: [group] },
          server: { certificate: certificateOf('server', kind) },
        }).handshake();
        assertWorks(pair);
        assert.equal(pair.server.cipherSuite?.aead, aead);
        assert.equal(pair.server.cipherSuite?.authentication, kind === 'rsa-2048' ? 'rsa' : 'ecdsa');
      });
