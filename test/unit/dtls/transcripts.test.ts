import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { concat, Counters, decodeUtf8Lenient, encodeUtf8, equalBytes, Reader, toHex } from '../../../src/core/index.ts';
import { nodeCrypto } from '../../../src/crypto/node.ts';
import { ContentType, HandshakeType } from '../../../src/dtls/constants.ts';
import { decodeFragment } from '../../../src/dtls/handshake/fragment.ts';
import {
  decodeCertificateMessage,
  decodeCertificateVerify,
  decodeClientHello,
  decodeHelloVerifyRequest,
  decodeServerHello,
  decodeServerKeyExchange,
  encodeClientHello,
  encodeServerHello,
} from '../../../src/dtls/handshake/packets.ts';
import { type HandshakeMessage, Reassembler } from '../../../src/dtls/handshake/reassembly.ts';
import { Transcript } from '../../../src/dtls/handshake/transcript.ts';
import { RecordOpener } from '../../../src/dtls/record/opener.ts';
import { RecordReader } from '../../../src/dtls/record/reader.ts';
import { exportKeyingMaterial, trafficKeys, verifyData } from '../../../src/dtls/v12/keys.ts';
import { prf } from '../../../src/dtls/v12/prf.ts';
import { CIPHER_SUITES, type CipherSuite, schemeOf } from '../../../src/dtls/v12/suites.ts';
import { decodeCertificate } from '../../../src/dtls/x509.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

type Side = 'client' | 'server';

interface Recording {
  readonly cipherId: string;
  readonly srtpProfile: string;
  readonly keylog: readonly string[];
  readonly exporterLabel: string;
  readonly exporter: string;
  readonly datagrams: readonly { readonly from: Side; readonly hex: string }[];
}

/** Follows a recorded handshake with the decoders and key schedule of this library. */
class Replay {
  readonly master: Uint8Array;
  readonly suite: CipherSuite;
  readonly transcript = new Transcript();
  readonly counters = new Counters();
  readonly reassemblers: Record<Side, Reassembler> = { client: new Reassembler(this.counters), server: new Reassembler(this.counters) };
  readonly openers: Partial<Record<Side, RecordOpener>> = {};
  readonly certificates: Partial<Record<Side, Uint8Array>> = {};
  readonly texts: Record<Side, string> = { client: '', server: '' };
  readonly checked: string[] = [];
  clientRandom: Uint8Array = new Uint8Array();
  serverRandom: Uint8Array = new Uint8Array();

  constructor(recording: Recording) {
    this.suite = CIPHER_SUITES.find(({ id }) => id === Number.parseInt(recording.cipherId, 16)) as CipherSuite;
    this.master = hex(recording.keylog.find((line) => line.startsWith('CLIENT_RANDOM'))?.split(' ')[2] as string);
    for (const { from, hex: bytes } of recording.datagrams) this.datagram(from, hex(bytes));
    assert.equal(this.counters.snapshot().size, 0, 'nothing is dropped');
  }

  datagram(from: Side, bytes: Uint8Array): void {
    const reader = new RecordReader(this.counters);
    reader.load(bytes);
    while (reader.next()) {
      let content = bytes.subarray(reader.at + 13, reader.end);
      if (reader.epoch === 1) {
        const opener = this.openers[from] as RecordOpener;
        const length = opener.open(bytes, reader.at);
        assert.ok(length >= 0, 'the record opens');
        content = bytes.subarray(reader.at + opener.headBytes, reader.at + opener.headBytes + length);
      }
      if (reader.type === ContentType.applicationData) this.texts[from] += decodeUtf8Lenient(content);
      if (reader.type === ContentType.handshake) this.handshake(from, content, reader.epoch);
    }
  }

  handshake(from: Side, content: Uint8Array, epoch: number): void {
    const reader = new Reader(content, 'test');
    while (reader.left > 0) this.reassemblers[from].add(decodeFragment(reader), epoch);
    for (let message = this.reassemblers[from].take(); message; message = this.reassemblers[from].take()) this.message(from, message);
  }

  message(from: Side, { type, sequence, body, epoch }: HandshakeMessage): void {
    if (type === HandshakeType.helloVerifyRequest) {
      assert.ok(decodeHelloVerifyRequest(body).cookie.length > 0);
      this.checked.push('hello-verify-request');
      return this.transcript.clear();
    }
    if (type === HandshakeType.clientHello) {
      const hello = decodeClientHello(body);
      assert.deepEqual(encodeClientHello(hello), body, 'a hello survives decoding and encoding');
      this.clientRandom = hello.random;
      this.transcript.clear();
    }
    if (type === HandshakeType.serverHello) this.serverHello(body);
    if (type === HandshakeType.certificate) this.certificates[from] = decodeCertificateMessage(body)[0] as Uint8Array;
    if (type === HandshakeType.serverKeyExchange) {
      const { params, scheme, signature } = decodeServerKeyExchange(body);
      this.signature('server', scheme, concat(this.clientRandom, this.serverRandom, params), signature);
    }
    if (type === HandshakeType.certificateVerify) {
      const { scheme, signature } = decodeCertificateVerify(body);
      this.signature(from, scheme, this.transcript.bytes(), signature);
    }
    if (type === HandshakeType.finished) {
      assert.equal(epoch, 1);
      assert.ok(equalBytes(verifyData(nodeCrypto, this.suite, this.master, from, this.transcript.hash(nodeCrypto, this.suite.hash)), body));
      this.checked.push(`${from} finished`);
    }
    this.transcript.add(type, sequence, body);
  }

  serverHello(body: Uint8Array): void {
    const hello = decodeServerHello(body);
    assert.deepEqual(encodeServerHello(hello), body);
    assert.equal(hello.cipherSuite, this.suite.id);
    this.serverRandom = hello.random;
    const keys = trafficKeys(nodeCrypto, this.suite, this.master, this.clientRandom, this.serverRandom);
    this.openers.client = new RecordOpener(keys.client);
    this.openers.server = new RecordOpener(keys.server);
  }

  signature(from: Side, id: number, data: Uint8Array, signature: Uint8Array): void {
    const { publicKey } = decodeCertificate(this.certificates[from] as Uint8Array);
    const scheme = schemeOf(id, nodeCrypto.signatureSchemes);
    assert.ok(scheme !== undefined && nodeCrypto.verify(scheme, publicKey, data, signature));
    this.checked.push(`${from} signature`);
  }
}

const files = readdirSync(new URL('../../vectors/dtls-transcripts', import.meta.url)).filter((file) => file.includes('dtls12'));

test('there are recordings of every kind', () => assert.equal(files.length, 4));

for (const file of files)
  test(`recorded handshake ${file}: keys, signatures, both Finished, exporter (RFC 5246 7.4.9, RFC 5705)`, () => {
    const recording = loadVectors<Recording>(`dtls-transcripts/${file}`);
    const replay = new Replay(recording);
    const expected = ['server signature', 'client signature', 'client finished', 'server finished'];
    assert.deepEqual(replay.checked, file.includes('hvr') ? ['hello-verify-request', ...expected] : expected);
    assert.equal(replay.texts.client.trim(), 'hello from client');
    assert.equal(replay.texts.server.trim(), 'hello from server');
    const length = recording.exporter.length / 2;
    const exported = exportKeyingMaterial(nodeCrypto, replay.suite, replay.master, replay.clientRandom, replay.serverRandom, recording.exporterLabel, length);
    assert.equal(toHex(exported), recording.exporter);
  });

test('the pseudo-random function gives the published values (RFC 5246 5)', () => {
  const { tls12prf } = loadVectors<{ tls12prf: { hash: string; secretHex: string; seedHex: string; label: string; outHex: string }[] }>('kdf.json');
  assert.ok(tls12prf.length > 0);
  for (const { hash, secretHex, seedHex, label, outHex } of tls12prf) {
    const name = hash.replace('sha', 'sha-') as 'sha-256' | 'sha-384' | 'sha-512';
    assert.equal(toHex(prf(nodeCrypto, name, hex(secretHex), encodeUtf8(label), hex(seedHex), outHex.length / 2)), outHex);
  }
});
