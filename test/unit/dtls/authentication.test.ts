import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { concat, type CryptoProvider, DecodeError, encodeUtf8, type Environment, fromHex, type GroupName, type SignatureScheme } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { Alert, HandshakeType as H } from '../../../src/dtls/constants.ts';
import { derBitString, derSequence, derValue, Tag } from '../../../src/dtls/der.ts';
import { type Certificate, type DtlsConfig, DtlsMachine, type Fingerprint } from '../../../src/dtls/index.ts';
import { decodeServerKeyExchange, encodeCertificateMessage } from '../../../src/dtls/handshake/packets.ts';
import { encodeTime } from '../../../src/dtls/time.ts';
import { decodeCertificate, OID_EC_PUBLIC_KEY, OID_ECDSA_SHA256, OID_P256, OID_RSA_ENCRYPTION } from '../../../src/dtls/x509.ts';
import { certificateOf, DtlsPair, endOf, environmentOf, type Message, type Side, withLies } from '../../support/dtls.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

const MTU = { mtuBytes: 1500, handshakeTimeoutMs: 2_000 };
const other = (side: Side): Side => (side === 'client' ? 'server' : 'client');

/** Nobody may believe the liar: the victim fails with this alert and delivers nothing. */
function assertNotBelieved(pair: DtlsPair, victim: Side, expected: { reason: string; alert: number | undefined }, what?: string): void {
  assert.deepEqual(endOf(pair, victim), expected, what);
  assert.ok(pair.events[victim].every(({ type }) => type !== 'connected'), 'never connected');
  assert.deepEqual(pair.data[victim], []);
  assert.throws(() => pair.machine(victim).exportKeyingMaterial('x', 16), { code: 'ERR_INVALID_STATE' });
  assert.throws(() => pair.machine(victim).exportSrtpKeys(), { code: 'ERR_INVALID_STATE' });
  assert.equal(pair.machine(victim).remoteCertificate, undefined);
  assert.equal(pair.machine(victim).pollTimeout(), undefined);
}

function change(type: number, nth: number, lie: (body: Uint8Array) => Uint8Array): (message: Message) => readonly Message[] {
  let seen = 0;
  return (message) => (message[0] === type && ++seen === nth ? [[type, lie(message[1])]] : [message]);
}

function attacked(message: (message: Message) => readonly Message[], options: { client?: Partial<DtlsConfig>; server?: Partial<DtlsConfig> } = {}): DtlsPair {
  const pair = new DtlsPair({ client: { ...MTU, ...options.client }, server: { ...MTU, ...options.server } });
  withLies({ message }, () => pair.handshake(4_000));
  return pair;
}

/** The certificate of a side with a key that signs as it likes. */
function lying(certificate: Certificate, sign: (scheme: SignatureScheme, data: Uint8Array) => Uint8Array): Certificate {
  return Object.create(certificate, { fingerprint: { value: () => certificate.fingerprint() }, key: { value: { ...certificate.key, kind: certificate.key.kind, publicKey: certificate.key.publicKey, sign } } }) as Certificate;
}

const flip = (bytes: Uint8Array, at: number): Uint8Array => {
  const out = bytes.slice();
  out[at] = (out[at] as number) ^ 1;
  return out;
};

for (const liar of ['client', 'server'] as const) {
  test(`A-DTLS-04 a ${liar}'s Finished that is wrong in any byte, short or long is not believed (RFC 5246 7.4.9)`, () => {
    const nth = liar === 'client' ? 1 : 2;
    const lies = [...Array.from({ length: 12 }, (_, i) => (b: Uint8Array) => flip(b, i)), (b: Uint8Array) => b.subarray(0, 11), (b: Uint8Array) => concat(b, Uint8Array.of(0)), () => new Uint8Array(0), () => new Uint8Array(12)];
    for (const lie of lies) assertNotBelieved(attacked(change(H.finished, nth, lie)), other(liar), { reason: 'authentication', alert: Alert.decryptError });
  });

  test(`A-DTLS-04 a ${liar}'s signature that is random, of another key, of another hash or of other data is not believed`, () => {
    const honest = certificateOf(liar);
    const stranger = certificateOf('stranger');
    const lies: ((scheme: SignatureScheme, data: Uint8Array) => Uint8Array)[] = [
      () => new Uint8Array(70).fill(0x30),
      () => new Uint8Array(0),
      (scheme, data) => stranger.key.sign(scheme, data),
      (_scheme, data) => honest.key.sign('ecdsa_secp384r1_sha384', data),
      (scheme, data) => honest.key.sign(scheme, flip(data, 0)),
      (scheme, data) => flip(honest.key.sign(scheme, data), 20),
    ];
    for (const lie of lies) {
      const pair = attacked((m) => [m], { [liar]: { certificate: lying(honest, lie) } });
      assertNotBelieved(pair, other(liar), { reason: 'authentication', alert: Alert.decryptError });
    }
  });

  test(`A-DTLS-04 a ${liar}'s signature with SHA-1, or with a scheme of another kind of key, is refused`, () => {
    const type = liar === 'client' ? H.certificateVerify : H.serverKeyExchange;
    for (const scheme of [0x0203, 0x0201, 0x0401, 0x0804, 0x0807, 0x0000, 0xffff]) {
      const lie = (body: Uint8Array): Uint8Array => {
        const out = body.slice();
        const at = liar === 'client' ? 0 : decodeServerKeyExchange(body).params.length;
        out[at] = scheme >> 8;
        out[at + 1] = scheme & 255;
        return out;
      };
      assertNotBelieved(attacked(change(type, 1, lie)), other(liar), { reason: 'authentication', alert: Alert.illegalParameter }, scheme.toString(16));
    }
  });
}

test('A-DTLS-04 CertificateVerify left out: nothing is believed', () => {
  const pair = attacked((message) => (message[0] === H.certificateVerify ? [] : [message]));
  assertNotBelieved(pair, 'server', { reason: 'timeout', alert: undefined });
});

test('A-DTLS-04 a client without a certificate is refused (RFC 8827 6.5)', () => {
  const pair = attacked(change(H.certificate, 2, () => encodeCertificateMessage([])));
  assertNotBelieved(pair, 'server', { reason: 'certificate', alert: Alert.handshakeFailure });
});

for (const victim of ['client', 'server'] as const) {
  const withFingerprints = (remoteFingerprints: readonly Fingerprint[]): DtlsPair => new DtlsPair({ [victim]: { remoteFingerprints, handshakeTimeoutMs: 2_000 } }).handshake(4_000);
  const good = certificateOf(other(victim));
  const bad = certificateOf('stranger');

  test(`A-DTLS-05 a ${victim} believes one good fingerprint among others, in either case`, () => {
    const lower = { algorithm: 'SHA-256', value: good.fingerprint().value.toLowerCase() };
    for (const list of [[good.fingerprint('sha-384')], [good.fingerprint('sha-512')], [bad.fingerprint(), good.fingerprint()], [lower], [{ algorithm: 'sha-1', value: '00' }, good.fingerprint()]])
      assert.equal(withFingerprints(list).machine(victim).state, 'connected');
  });

  test(`A-DTLS-05 a ${victim} believes nothing without a strong fingerprint that matches`, () => {
    const weak = { algorithm: 'sha-1', value: 'AA:BB' };
    const md5 = { algorithm: 'md5', value: '00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF' };
    const lists: Fingerprint[][] = [[], [bad.fingerprint()], [weak], [md5], [{ algorithm: 'sha-256', value: '' }], [{ ...good.fingerprint(), algorithm: 'sha-384' }], [{ algorithm: 'sha-256', value: `${good.fingerprint().value}:00` }]];
    for (const list of lists) assertNotBelieved(withFingerprints(list), victim, { reason: 'fingerprint', alert: Alert.badCertificate }, JSON.stringify(list));
  });
}

/** A provider whose key shares say something else. */
function lyingShares(publicKey: Uint8Array): CryptoProvider {
  return { ...nodeCrypto, generateKeyAgreement: (group, random) => ({ ...nodeCrypto.generateKeyAgreement(group, random), group, publicKey, deriveSecret: () => new Uint8Array(32) }) };
}

test('A-DTLS-17 points that are off the curve, of low order, compressed or short are refused (RFC 8422 5.11)', () => {
  const { ecdhMustReject } = loadVectors<{ ecdhMustReject: { source: string; curve: string; publicHex: string }[] }>('crypto.json');
  const p256 = nodeCrypto.generateKeyAgreement('secp256r1', environmentOf(1).random).publicKey;
  const points: [string, GroupName, Uint8Array][] = ecdhMustReject.map(({ source, curve, publicHex }) => [source, curve === 'x25519' ? 'x25519' : 'secp256r1', hex(publicHex)]);
  points.push(['compressed', 'secp256r1', concat(Uint8Array.of(2), p256.subarray(1, 33))], ['short', 'x25519', new Uint8Array(31).fill(9)], ['long', 'x25519', new Uint8Array(33).fill(9)], ['empty', 'x25519', new Uint8Array(0)]);
  assert.ok(points.length >= 9);
  for (const [source, group, point] of points)
    for (const liar of ['client', 'server'] as const) {
      const victim = other(liar);
      const environments: Record<Side, Environment> = { client: environmentOf(1), server: environmentOf(2) };
      environments[liar] = { ...environments[liar], crypto: lyingShares(point) };
      const pair = new DtlsPair({ client: { ...MTU, groups: [group] }, server: MTU }, 1, environments).handshake(4_000);
      assertNotBelieved(pair, victim, { reason: 'authentication', alert: Alert.illegalParameter }, `${liar}: ${source}`);
    }
});

interface Parts {
  readonly serial?: Uint8Array;
  readonly spki?: Uint8Array;
  readonly subject?: Uint8Array;
  readonly extra?: Uint8Array;
}

/** A certificate with parts of our choice; nothing checks its signature. */
function craft({ serial = Uint8Array.of(1), spki = certificateOf('server').key.publicKey, subject = derSequence(), extra = new Uint8Array(0) }: Parts): Uint8Array {
  const algorithm = derSequence(derValue(Tag.oid, OID_ECDSA_SHA256));
  const validity = derSequence(encodeTime(0), encodeTime(1e12));
  return derSequence(derSequence(derValue(Tag.context0, derValue(Tag.integer, Uint8Array.of(2))), derValue(Tag.integer, serial), algorithm, derSequence(), validity, subject, spki, extra), algorithm, derBitString(new Uint8Array(70)));
}

function nested(depth: number): Uint8Array {
  let der: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < depth; i++) der = derSequence(der);
  return der;
}

function rsaSpki(bits: number, exponent: Uint8Array): Uint8Array {
  const modulus = new Uint8Array(bits / 8 + 1).fill(0xff, 1);
  return derSequence(derSequence(derValue(Tag.oid, OID_RSA_ENCRYPTION), derValue(Tag.null)), derBitString(derSequence(derValue(Tag.integer, modulus), derValue(Tag.integer, exponent))));
}

const F4 = Uint8Array.of(1, 0, 1);
const ecSpki = (curve: Uint8Array, point: Uint8Array): Uint8Array => derSequence(derSequence(derValue(Tag.oid, OID_EC_PUBLIC_KEY), derValue(Tag.oid, curve)), derBitString(point));
const oneKeySpki = (oid: string): Uint8Array => derSequence(derSequence(derValue(Tag.oid, fromHex(oid))), derBitString(new Uint8Array(57)));

test('A-DTLS-18 a plain crafted certificate is read, RSA from 2048 to 4096 bits', () => {
  assert.deepEqual(decodeCertificate(craft({})).key, { kind: 'ecdsa', curve: 'secp256r1' });
  assert.deepEqual(decodeCertificate(craft({ spki: rsaSpki(2048, F4) })).key, { kind: 'rsa', bits: 2048 });
  assert.deepEqual(decodeCertificate(craft({ spki: rsaSpki(4096, F4) })).key, { kind: 'rsa', bits: 4096 });
  for (const key of [generateKeyPairSync('rsa', { modulusLength: 3072 }).publicKey, generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey]) {
    const spki = new Uint8Array(key.export({ type: 'spki', format: 'der' }));
    assert.notEqual(decodeCertificate(craft({ spki })).key.kind, 'unsupported');
  }
});

test('A-DTLS-18 keys of other kinds and sizes are recognised and not supported', () => {
  const keys: Record<string, Uint8Array> = {
    'RSA 1024': rsaSpki(1024, F4),
    'RSA 2040': rsaSpki(2040, F4),
    'RSA 4104': rsaSpki(4104, F4),
    'RSA 16384': rsaSpki(16_384, F4),
    'RSA e=1': rsaSpki(2048, Uint8Array.of(1)),
    'RSA e=0': rsaSpki(2048, Uint8Array.of(0)),
    'RSA even e': rsaSpki(2048, Uint8Array.of(1, 0, 0)),
    'RSA huge e': rsaSpki(2048, new Uint8Array(200).fill(1)),
    Ed25519: oneKeySpki('2b6570'),
    Ed448: oneKeySpki('2b6571'),
    'unknown curve': ecSpki(fromHex('2b8104000a'), new Uint8Array(65).fill(4)),
  };
  for (const [name, spki] of Object.entries(keys)) assert.deepEqual(decodeCertificate(craft({ spki })).key, { kind: 'unsupported' }, name);
});

const BOMBS: Record<string, Uint8Array> = {
  'larger than 16 KiB': craft({ extra: derValue(0xa3, new Uint8Array(16_384)) }),
  '64 KiB': derSequence(new Uint8Array(60_000)),
  'negative serial number': craft({ serial: Uint8Array.of(0x80) }),
  'long serial number': craft({ serial: new Uint8Array(22).fill(1) }),
  'serial number not in shortest form': craft({ serial: Uint8Array.of(0, 1) }),
  'indefinite length': Uint8Array.of(0x30, 0x80, 0, 0),
  '1000 levels deep': nested(1_000),
  'point not uncompressed': craft({ spki: ecSpki(OID_P256, new Uint8Array(33).fill(2)) }),
  'cut off': craft({}).subarray(0, 100),
  'followed by more': concat(craft({}), Uint8Array.of(0)),
};

test('A-DTLS-18 malformed certificates are refused, each in little time', () => {
  for (const [name, der] of Object.entries(BOMBS)) assert.throws(() => decodeCertificate(der), DecodeError, name);
  // What is deep where nothing looks is passed over: 10 ms is ten times the allowance.
  const deep = craft({ extra: derValue(0xa3, nested(1_000)), subject: nested(1_000) });
  const started = performance.now();
  for (let i = 0; i < 100; i++) decodeCertificate(deep);
  assert.ok((performance.now() - started) / 100 < 10);
});

test('A-DTLS-18 in a handshake such a certificate ends it, and no provider sees its key', () => {
  const ders = [...Object.values(BOMBS).map((der) => [der, Alert.badCertificate] as const), [craft({ spki: rsaSpki(16_384, F4) }), Alert.unsupportedCertificate] as const];
  for (const [der, alert] of ders) {
    const digest = nodeCrypto.hash('sha-256', der);
    const remoteFingerprints = [{ algorithm: 'sha-256', value: Buffer.from(digest).toString('hex').toUpperCase().match(/../g)?.join(':') as string }];
    const verified: unknown[] = [];
    const crypto: CryptoProvider = { ...nodeCrypto, verify: (...args) => (verified.push(args), nodeCrypto.verify(...args)) };
    const pair = new DtlsPair({ client: { ...MTU, remoteFingerprints }, server: MTU }, 1, { client: { ...environmentOf(1), crypto }, server: environmentOf(2) });
    withLies({ message: change(H.certificate, 1, () => encodeCertificateMessage([der])) }, () => pair.handshake(4_000));
    const end = endOf(pair, 'client');
    // Beyond 32 KiB not even fragments are kept; beyond 16 KiB the certificate is not looked at.
    if (der.length > 32_768) assert.deepEqual(end, { reason: 'timeout', alert: undefined });
    else assert.deepEqual(end, der.length > 16_384 ? { reason: 'protocol', alert: Alert.decodeError } : { reason: 'certificate', alert }, `${der.length} bytes`);
    assert.equal(verified.length, 0);
  }
});

test('A-DTLS-18 a chain of four is taken for its leaf, a chain of five or ten ends the handshake', () => {
  const leaf = certificateOf('server').der;
  const filler = craft({});
  for (const [count, state] of [[4, 'connected'], [5, 'failed'], [10, 'failed']] as const) {
    const chain = encodeCertificateMessage([leaf, ...Array.from({ length: count - 1 }, () => filler)]);
    const pair = attacked(change(H.certificate, 1, () => chain));
    assert.equal(pair.client.state, state, `${count} certificates`);
  }
});

test('a connection that authenticates its peer by other means says so with undefined', () => {
  const pair = new DtlsPair({ client: { remoteFingerprints: undefined }, server: { remoteFingerprints: undefined } }).handshake();
  assert.equal(pair.client.state, 'connected');
  pair.send('client', encodeUtf8('x'));
  pair.settle();
  assert.equal(pair.data.server.length, 1);
  assert.equal(DtlsMachine.HEADROOM, 21);
});
