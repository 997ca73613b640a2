import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { DecodeError, RtcError } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { Certificate, matchesFingerprint } from '../../../src/dtls/index.ts';
import { decodePem } from '../../../src/dtls/pem.ts';
import { decodeTime, encodeTime } from '../../../src/dtls/time.ts';
import { decodeCertificate } from '../../../src/dtls/x509.ts';
import { DerReader } from '../../../src/dtls/der.ts';
import { environmentOf } from '../../support/dtls.ts';
import { seeded } from '../../support/fuzz.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

interface CertificateVector {
  readonly name: string;
  readonly derHex: string;
  readonly pkcs8Hex: string;
  readonly fingerprintSha256: string;
  readonly fingerprintSha384: string;
}

const vectors = loadVectors<{ certificates: CertificateVector[] }>('certificates.json').certificates;

for (const kind of ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048'] as const)
  test(`a generated ${kind} certificate is a valid self-signed X.509 v3 certificate (RFC 5280 4.1)`, () => {
    const environment = environmentOf(7);
    const certificate = Certificate.generate({ keyKind: kind, now: 5_000 }, environment);
    const x509 = new X509Certificate(certificate.der);
    assert.ok(x509.verify(x509.publicKey), 'it is signed with its own key');
    assert.equal(x509.issuer, x509.subject);
    assert.match(x509.subject, /^CN=[0-9a-f]{16}$/);
    assert.match(x509.serialNumber, /^[4-7][0-9A-F]{31}$/);
    const unixNow = environment.unixOffsetMs + 5_000;
    assert.equal(Date.parse(x509.validFrom), unixNow - 86_400_000);
    assert.equal(Date.parse(x509.validTo), unixNow + 30 * 86_400_000);
    assert.equal(certificate.expires, unixNow + 30 * 86_400_000);
    assert.equal(certificate.fingerprint().value, x509.fingerprint256);
    assert.equal(certificate.fingerprint('sha-512').value, x509.fingerprint512);
  });

test('two certificates differ in name, serial number and key', () => {
  const environment = environmentOf(8);
  const [a, b] = [Certificate.generate({ now: 0 }, environment), Certificate.generate({ now: 0 }, environment)].map(({ der }) => new X509Certificate(der)) as [X509Certificate, X509Certificate];
  assert.notEqual(a.subject, b.subject);
  assert.notEqual(a.serialNumber, b.serialNumber);
  assert.notEqual(a.publicKey.export({ format: 'pem', type: 'spki' }), b.publicKey.export({ format: 'pem', type: 'spki' }));
});

test('a certificate survives the way through PEM (RFC 7468)', () => {
  for (const keyKind of ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048'] as const) {
    const certificate = Certificate.generate({ keyKind, now: 0 }, environmentOf(9));
    const again = Certificate.fromPem(certificate.exportPem(), environmentOf(1));
    assert.deepEqual(again.der, certificate.der);
    assert.equal(again.expires, certificate.expires);
    assert.deepEqual(again.key.publicKey, certificate.key.publicKey);
    assert.equal(new X509Certificate(certificate.exportPem().certificate).fingerprint256, certificate.fingerprint().value);
  }
  assert.throws(() => decodePem('CERTIFICATE', '-----BEGIN CERTIFICATE-----\nA?\n-----END CERTIFICATE-----'), { code: 'ERR_INVALID_ARGUMENT' });
  assert.throws(() => decodePem('CERTIFICATE', 'nothing'), { code: 'ERR_INVALID_ARGUMENT' });
});

for (const { name, derHex, pkcs8Hex, fingerprintSha256, fingerprintSha384 } of vectors)
  test(`the ${name} test certificate ${name === 'ed25519' ? 'is refused' : 'is loaded with its key and fingerprints'}`, () => {
    const load = (): Certificate => Certificate.fromDer(hex(derHex), hex(pkcs8Hex), environmentOf(1));
    if (name === 'ed25519') {
      assert.throws(load, (error) => error instanceof RtcError && error.code === 'ERR_CRYPTO');
      assert.deepEqual(decodeCertificate(hex(derHex)).key, { kind: 'unsupported' });
      return;
    }
    assert.equal(load().fingerprint().value, fingerprintSha256);
    assert.equal(load().fingerprint('sha-384').value, fingerprintSha384);
    assert.equal(load().expires, Date.parse(new X509Certificate(hex(derHex)).validTo));
  });

test('the validity of a peer is passed over (RFC 8122 5), that of an own certificate must be there (RFC 5280 4.1.2.5)', () => {
  const { derHex, pkcs8Hex } = vectors[0] as CertificateVector;
  const der = hex(derHex);
  const time = der.findIndex((byte, i) => byte === 0x17 && der[i + 1] === 13 && der[i + 14] === 0x5a); // UTCTime of 13 bytes that end with Z
  assert.ok(time > 0);
  der[time + 4] = 0x41;
  assert.deepEqual(decodeCertificate(der).key, decodeCertificate(hex(derHex)).key);
  assert.throws(() => Certificate.fromDer(der, hex(pkcs8Hex), environmentOf(1)), { code: 'ERR_CRYPTO' });
});

test('a key that is not the certificate’s is refused', () => {
  const [a, b] = vectors as [CertificateVector, CertificateVector];
  assert.throws(() => Certificate.fromDer(hex(a.derHex), hex(b.pkcs8Hex), environmentOf(1)), { code: 'ERR_CRYPTO' });
  assert.throws(() => Certificate.fromDer(hex(a.derHex).subarray(1), hex(a.pkcs8Hex), environmentOf(1)), { code: 'ERR_CRYPTO' });
});

test('times of certificates agree with the calendar from 1950 to 2200 (RFC 5280 4.1.2.5)', () => {
  const next = seeded(3);
  for (let i = 0; i < 3_000; i++) {
    const unixMs = Math.floor(Date.UTC(1950, 0, 1) / 1000 + next() * 250 * 365.25 * 86_400) * 1000;
    const reader = new DerReader(encodeTime(unixMs));
    const tag = reader.tag;
    const content = reader.value(tag);
    const date = new Date(unixMs).toISOString().replace(/[-:T]|\.000/g, '');
    assert.equal(Buffer.from(content).toString(), tag === 0x17 ? date.slice(2) : date);
    assert.equal(decodeTime(tag, content), unixMs);
  }
});

test('DER that is not the shortest, indefinite, cut off or too deep a tag is refused (X.690 10.1)', () => {
  for (const bytes of ['3080', '308103000000', '30820003000000', '3084000000010000', '1f810100', '30', '3003', '300300', '3f0100'])
    assert.throws(() => new DerReader(hex(bytes)).any(), DecodeError, bytes);
  assert.deepEqual(new DerReader(hex('020101')).value(2), Uint8Array.of(1));
});

test('a fingerprint matches in either case, and only with a strong hash (RFC 8122 5)', () => {
  const { derHex, fingerprintSha256 } = vectors[0] as CertificateVector;
  const der = hex(derHex);
  const matches = (algorithm: string, value: string): boolean => matchesFingerprint(nodeCrypto, der, [{ algorithm, value }]);
  assert.ok(matches('sha-256', fingerprintSha256));
  assert.ok(matches('SHA-256', fingerprintSha256.toLowerCase()));
  assert.ok(!matches('sha-256', fingerprintSha256.replace(/^../, '00')));
  assert.ok(!matches('sha-256', fingerprintSha256.replaceAll(':', '')));
  assert.ok(!matches('sha-384', fingerprintSha256));
  const sha1 = new X509Certificate(der).fingerprint;
  assert.ok(!matches('sha-1', sha1));
  assert.ok(!matchesFingerprint(nodeCrypto, der, []));
});
