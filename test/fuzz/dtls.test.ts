import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError, encodeUtf8, Reader, RtcError } from '../../src/core/index.ts';
import { HandshakeType as H } from '../../src/dtls/constants.ts';
import { Certificate, type DtlsMachine } from '../../src/dtls/index.ts';
import { decodeFragment } from '../../src/dtls/handshake/fragment.ts';
import { decodePointFormats, decodeSupportedVersions, decodeU16List, decodeUseSrtp } from '../../src/dtls/handshake/extensions.ts';
import {
  decodeCertificateMessage,
  decodeCertificateRequest,
  decodeCertificateVerify,
  decodeClientHello,
  decodeClientKeyExchange,
  decodeHelloVerifyRequest,
  decodeServerHello,
  decodeServerKeyExchange,
  encodeClientHello,
  encodeServerHello,
} from '../../src/dtls/handshake/packets.ts';
import { decodeCertificate } from '../../src/dtls/x509.ts';
import { certificateOf, DtlsPair, environmentOf, recordsOf, type Side } from '../support/dtls.ts';
import { fuzzDecoder, mutations, seeded } from '../support/fuzz.ts';
import { hex, loadVectors } from '../support/vectors.ts';

const COUNT = 100_000;

/** The datagrams of a whole handshake with a cookie and one record of data each way. */
function recorded(): { readonly from: Side; readonly bytes: Uint8Array }[] {
  const pair = new DtlsPair({ server: { cookie: 'required', addressToken: Uint8Array.of(1), cookieSecret: new Uint8Array(32) } }).handshake();
  pair.send('client', encodeUtf8('hello'));
  pair.send('server', encodeUtf8('hello'));
  return pair.sent;
}

const DECODERS: Readonly<Record<number, (body: Uint8Array) => unknown>> = {
  [H.clientHello]: (body) => {
    const hello = decodeClientHello(body);
    assert.deepEqual(decodeClientHello(encodeClientHello(hello)), hello);
  },
  [H.serverHello]: (body) => {
    const hello = decodeServerHello(body);
    assert.deepEqual(decodeServerHello(encodeServerHello(hello)), hello);
  },
  [H.helloVerifyRequest]: decodeHelloVerifyRequest,
  [H.certificate]: (body) => decodeCertificateMessage(body).map(decodeCertificate),
  [H.serverKeyExchange]: decodeServerKeyExchange,
  [H.certificateRequest]: decodeCertificateRequest,
  [H.certificateVerify]: decodeCertificateVerify,
  [H.clientKeyExchange]: decodeClientKeyExchange,
};

test('the decoders of handshake messages survive prefixes, bit flips and 100,000 mutations with DecodeError only', () => {
  const messages = recorded()
    .flatMap(({ bytes }) => recordsOf(bytes))
    .filter(({ type, epoch }) => type === 22 && epoch === 0)
    .map(({ bytes }) => bytes.slice(13));
  assert.ok(messages.length >= 10);
  let decoded = 0;
  const decode = (bytes: Uint8Array): void => {
    const fragment = decodeFragment(new Reader(bytes, 'test'));
    if (fragment.offset === 0 && fragment.bytes.length === fragment.length) DECODERS[fragment.type]?.(fragment.bytes);
    decoded++;
  };
  assert.ok(fuzzDecoder(decode, messages, COUNT, 6347) > COUNT);
  assert.ok(decoded > 1_000, `${decoded}`);
});

test('the decoders of extensions survive 100,000 mutations with DecodeError only', () => {
  const bodies = [Uint8Array.of(0, 6, 0, 29, 0, 23, 0, 24), Uint8Array.of(1, 0), Uint8Array.of(4, 0xfe, 0xfc, 0xfe, 0xfd), Uint8Array.of(0, 6, 0, 7, 0, 8, 0, 1, 0)];
  for (const decode of [decodeUseSrtp, decodeSupportedVersions, decodePointFormats, (b: Uint8Array) => decodeU16List(b, 'test')])
    assert.ok(fuzzDecoder(decode, bodies, COUNT / 4, 5764) > COUNT / 4);
});

test('the certificate decoder survives prefixes, bit flips and 100,000 mutations with DecodeError only (A-DTLS-18)', () => {
  const vectors = loadVectors<{ certificates: { derHex: string }[] }>('certificates.json').certificates.map(({ derHex }) => hex(derHex));
  assert.ok(fuzzDecoder(decodeCertificate, [certificateOf('client').der], COUNT, 5280) > COUNT);
  assert.ok(fuzzDecoder(decodeCertificate, vectors, 2_000, 5281) > 2_000);
});

test('PEM text of any kind is read or refused with a typed error', () => {
  const pem = certificateOf('client').exportPem();
  const texts = [encodeUtf8(pem.certificate), encodeUtf8(pem.privateKey)];
  const load = (bytes: Uint8Array): void => {
    const text = String.fromCharCode(...bytes);
    try {
      Certificate.fromPem({ certificate: text, privateKey: pem.privateKey }, environmentOf(1));
      Certificate.fromPem({ certificate: pem.certificate, privateKey: text }, environmentOf(1));
    } catch (error) {
      if (error instanceof RtcError) throw new DecodeError('pem', error.message);
      throw error;
    }
  };
  let seen = 0;
  for (const bytes of mutations(texts, 1_500, 7468)) {
    seen++;
    try {
      load(bytes);
    } catch (error) {
      assert.ok(error instanceof DecodeError, String(error));
    }
  }
  assert.equal(seen, 1_500);
});

/** Takes everything out of a machine, as its owner would. */
function drain(machine: DtlsMachine, now: number): void {
  while (machine.pollRead() !== undefined);
  while (machine.pollWrite() !== undefined);
  while (machine.pollEvent() !== undefined);
  const deadline = machine.pollTimeout();
  if (deadline !== undefined) assert.ok(deadline.at > now, 'no timer in the past');
}

test('a connection that is up survives 20,000 mutated and random datagrams from the peer’s address', () => {
  const pair = new DtlsPair().handshake();
  const next = seeded(1);
  const noise = Array.from({ length: 50 }, () => Uint8Array.from({ length: Math.floor(next() * 100) }, () => Math.floor(next() * 256)));
  const material = [...pair.sent.map(({ bytes }) => bytes), ...noise];
  let now = pair.now;
  for (const bytes of mutations(material, 20_000, 2)) {
    now += 1;
    for (const machine of [pair.client, pair.server]) {
      machine.handleRead(bytes.slice(), now);
      drain(machine, now);
    }
  }
  assert.equal(pair.client.state, 'connected');
  assert.equal(pair.server.state, 'connected');
  pair.now = now;
  pair.send('client', encodeUtf8('alive'));
  pair.settle();
  assert.deepEqual(pair.data.server, [encodeUtf8('alive')]);
});

test('machines in every state of the handshake never throw, whatever comes', () => {
  const material = recorded().map(({ bytes }) => bytes);
  const inputs = mutations(material, 6_000, 3);
  const next = seeded(4);
  let ended = 0;
  for (let round = 0; ; round++) {
    const pair = new DtlsPair({ seed: round, client: { mtuBytes: 300 }, server: { mtuBytes: 300 } }).start();
    for (let steps = round % 12; steps > 0; steps--) pair.step();
    let exhausted = false;
    for (let i = 0; i < 40 && (pair.client.state === 'connecting' || pair.server.state === 'connecting'); i++) {
      const input = inputs.next();
      if (input.done) {
        exhausted = true;
        break;
      }
      if (next() < 0.1) pair.now += 60;
      for (const machine of [pair.client, pair.server]) {
        machine.handleTimeout(pair.now);
        machine.handleRead(input.value.slice(), pair.now);
        drain(machine, pair.now);
      }
    }
    for (const machine of [pair.client, pair.server]) {
      machine.close(pair.now);
      drain(machine, pair.now);
      assert.ok(machine.state === 'closed' || machine.state === 'failed');
      ended++;
    }
    if (exhausted) break;
  }
  assert.ok(ended > 100, `${ended}`);
});

test('every single bit of every datagram of a handshake may be wrong: the handshake fails or completes, and nothing throws', () => {
  const template = new DtlsPair().handshake().sent.length;
  let connected = 0;
  let bits = 0;
  for (let index = 0; index < template; index++)
    for (let bit = index; bit < 6_000; bit += 97) {
      const pair = new DtlsPair({ client: { handshakeTimeoutMs: 500 }, server: { handshakeTimeoutMs: 500 } });
      pair.wire = (_from, datagram, at) => {
        if (at !== index || bit >> 3 >= datagram.length) return [datagram];
        const wrong = datagram.slice();
        wrong[bit >> 3] = (wrong[bit >> 3] as number) ^ (1 << (bit & 7));
        return [wrong];
      };
      pair.handshake(2_000);
      bits++;
      if (pair.client.state === 'connected' && pair.server.state === 'connected') {
        connected++;
        assert.deepEqual(pair.client.exportKeyingMaterial('x', 16), pair.server.exportKeyingMaterial('x', 16));
      }
    }
  assert.ok(connected > 0 && connected < bits, `${connected} of ${bits}`);
});
