import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, EMPTY, encodeUtf8, fromHex, randomBytes, toHex } from '../../../src/core/index.ts';
import { Alert, ContentType, ExtensionType, HandshakeType as H } from '../../../src/dtls/constants.ts';
import { Cookies, type DtlsConfig, DtlsMachine, SrtpProfile } from '../../../src/dtls/index.ts';
import { decodeUseSrtp, encodeU16List, encodeUseSrtp } from '../../../src/dtls/handshake/extensions.ts';
import { type ClientHello, decodeClientHello, decodeHelloVerifyRequest, decodeServerHello, encodeClientHello, encodeServerHello, type ServerHello } from '../../../src/dtls/handshake/packets.ts';
import { isDowngrade } from '../../../src/dtls/v12/hello.ts';
import { certificateOf, DtlsPair, endOf, environmentOf, fragmentOf, type Message, plainRecord, recordsOf, sendSealed, withLies } from '../../support/dtls.ts';
import { seededRandom } from '../../support/fuzz.ts';

const MTU = { mtuBytes: 1500, handshakeTimeoutMs: 2_000 };

function run(message: (message: Message) => readonly Message[], options: { client?: Partial<DtlsConfig>; server?: Partial<DtlsConfig> } = {}): DtlsPair {
  const pair = new DtlsPair({ client: { ...MTU, ...options.client }, server: { ...MTU, ...options.server } });
  withLies({ message }, () => pair.handshake(4_000));
  return pair;
}

const clientHello = (lie: (hello: ClientHello) => ClientHello) => (m: Message): readonly Message[] => (m[0] === H.clientHello ? [[H.clientHello, encodeClientHello(lie(decodeClientHello(m[1])))]] : [m]);
const serverHello = (lie: (hello: ServerHello) => ServerHello) => (m: Message): readonly Message[] => (m[0] === H.serverHello ? [[H.serverHello, encodeServerHello(lie(decodeServerHello(m[1])))]] : [m]);

function without<T extends ClientHello | ServerHello>(hello: T, type: number): T {
  const extensions = new Map(hello.extensions);
  extensions.delete(type);
  return { ...hello, extensions };
}

function withExtension<T extends ClientHello | ServerHello>(hello: T, type: number, body: Uint8Array): T {
  return { ...hello, extensions: new Map([...hello.extensions, [type, body]]) };
}

type Refusal = readonly [name: string, lie: (m: Message) => readonly Message[], alert: number, config?: { client?: Partial<DtlsConfig>; server?: Partial<DtlsConfig> }];

const CLIENT_LIES: readonly Refusal[] = [
  ['no extended master secret', clientHello((h) => without(h, ExtensionType.extendedMasterSecret)), Alert.handshakeFailure],
  ['an extended master secret with content', clientHello((h) => withExtension(h, ExtensionType.extendedMasterSecret, Uint8Array.of(0))), Alert.decodeError],
  ['no suite in common', clientHello((h) => ({ ...h, cipherSuites: [0x0000, 0xc013, 0xc014, 0x009c, 0xc023] })), Alert.handshakeFailure],
  ['suites of RSA certificates only', clientHello((h) => ({ ...h, cipherSuites: [0xc02f, 0xc030, 0xcca8] })), Alert.handshakeFailure],
  ['no null compression', clientHello((h) => ({ ...h, compressionMethods: Uint8Array.of(1) })), Alert.illegalParameter],
  ['no group in common', clientHello((h) => withExtension(h, ExtensionType.supportedGroups, encodeU16List([25, 0x11ec]))), Alert.handshakeFailure],
  ['no groups', clientHello((h) => without(h, ExtensionType.supportedGroups)), Alert.handshakeFailure],
  ['SHA-1 signatures only', clientHello((h) => withExtension(h, ExtensionType.signatureAlgorithms, encodeU16List([0x0203, 0x0201]))), Alert.handshakeFailure],
  ['no signature schemes', clientHello((h) => without(h, ExtensionType.signatureAlgorithms)), Alert.handshakeFailure],
  ['compressed points only', clientHello((h) => withExtension(h, ExtensionType.ecPointFormats, Uint8Array.of(1, 1))), Alert.illegalParameter],
  ['DTLS 1.0', clientHello((h) => ({ ...h, version: 0xfeff })), Alert.protocolVersion],
  ['TLS 1.2', clientHello((h) => ({ ...h, version: 0x0303 })), Alert.protocolVersion],
  ['DTLS 1.3 only', clientHello((h) => withExtension(h, ExtensionType.supportedVersions, Uint8Array.of(2, 0xfe, 0xfc))), Alert.protocolVersion],
  ['a renegotiation', clientHello((h) => withExtension(h, ExtensionType.renegotiationInfo, concat(Uint8Array.of(12), new Uint8Array(12)))), Alert.handshakeFailure],
  ['no use_srtp where media needs it', clientHello((h) => without(h, ExtensionType.useSrtp)), Alert.handshakeFailure, { server: { srtpRequired: true } }],
  ['no SRTP profile in common where media needs it', clientHello((h) => withExtension(h, ExtensionType.useSrtp, encodeUseSrtp({ profiles: [2, 5], mki: EMPTY }))), Alert.handshakeFailure, { server: { srtpRequired: true } }],
];

for (const [name, lie, alert, config] of CLIENT_LIES)
  test(`A-DTLS-16 a server refuses a hello with ${name}`, () => {
    const pair = run(lie, config);
    assert.equal(endOf(pair, 'server')?.alert, alert);
    assert.notEqual(pair.client.state, 'connected');
  });

const srtp = (profiles: readonly number[], mki: Uint8Array = EMPTY): Uint8Array => encodeUseSrtp({ profiles, mki });
const SERVER_LIES: readonly Refusal[] = [
  ['a downgraded version', serverHello((h) => ({ ...h, random: concat(h.random.subarray(0, 24), fromHex('444f574e47524400')) })), Alert.illegalParameter],
  ['no extended master secret', serverHello((h) => without(h, ExtensionType.extendedMasterSecret)), Alert.handshakeFailure],
  ['a suite that was not offered', serverHello((h) => ({ ...h, cipherSuite: 0xc013 })), Alert.illegalParameter],
  ['a suite of this library that was not offered', serverHello((h) => ({ ...h, cipherSuite: 0xcca9 })), Alert.illegalParameter, { client: { aeads: ['aes-128-gcm'] } }],
  ['compression', serverHello((h) => ({ ...h, compressionMethod: 1 })), Alert.illegalParameter],
  ['DTLS 1.0', serverHello((h) => ({ ...h, version: 0xfeff })), Alert.protocolVersion],
  ['DTLS 1.3', serverHello((h) => ({ ...h, version: 0xfefc })), Alert.protocolVersion],
  ['an extension that was not offered', serverHello((h) => withExtension(h, 35, EMPTY)), Alert.unsupportedExtension],
  ['supported_versions', serverHello((h) => withExtension(h, ExtensionType.supportedVersions, Uint8Array.of(0xfe, 0xfd))), Alert.unsupportedExtension],
  ['a renegotiation', serverHello((h) => withExtension(h, ExtensionType.renegotiationInfo, Uint8Array.of(1, 0))), Alert.handshakeFailure],
  ['compressed points only', serverHello((h) => withExtension(h, ExtensionType.ecPointFormats, Uint8Array.of(1, 1))), Alert.illegalParameter],
  ['an SRTP profile that was not offered', serverHello((h) => withExtension(h, ExtensionType.useSrtp, srtp([1]))), Alert.illegalParameter, { client: { srtpProfiles: [7] } }],
  ['two SRTP profiles', serverHello((h) => withExtension(h, ExtensionType.useSrtp, srtp([7, 8]))), Alert.illegalParameter],
  ['no SRTP profile', serverHello((h) => withExtension(h, ExtensionType.useSrtp, srtp([]))), Alert.illegalParameter],
  ['an MKI', serverHello((h) => withExtension(h, ExtensionType.useSrtp, srtp([7], Uint8Array.of(1)))), Alert.illegalParameter],
  ['no use_srtp where media needs it', serverHello((h) => without(h, ExtensionType.useSrtp)), Alert.handshakeFailure, { client: { srtpRequired: true } }],
  ['use_srtp that was not offered', serverHello((h) => withExtension(h, ExtensionType.useSrtp, srtp([7]))), Alert.unsupportedExtension, { client: { srtpProfiles: [] } }],
];

for (const [name, lie, alert, config] of SERVER_LIES)
  test(`A-DTLS-16 a client refuses a hello with ${name}`, () => {
    const pair = run(lie, config);
    assert.equal(endOf(pair, 'client')?.alert, alert);
    assert.equal(endOf(pair, 'client')?.reason, alert === Alert.decodeError ? 'protocol' : 'negotiation');
    assert.notEqual(pair.server.state, 'connected');
  });

test('A-DTLS-16 a client refuses a group that it did not offer, and a suite that the certificate does not fit', () => {
  const group = run((m) => (m[0] === H.serverKeyExchange ? [[m[0], concat(m[1].subarray(0, 1), Uint8Array.of(0, 24), m[1].subarray(3))]] : [m]), { client: { groups: ['x25519'] } });
  assert.equal(endOf(group, 'client')?.alert, Alert.illegalParameter);
  const suite = run(serverHello((h) => ({ ...h, cipherSuite: 0xc02f })));
  assert.deepEqual(endOf(suite, 'client'), { reason: 'certificate', alert: Alert.illegalParameter });
});

test('A-DTLS-16 the downgrade sentinels count by what was offered (RFC 8446 4.1.3)', () => {
  const random = (tail: string): Uint8Array => concat(new Uint8Array(24), fromHex(tail));
  assert.ok(isDowngrade(random('444f574e47524400'), 0xfefd));
  assert.ok(!isDowngrade(random('444f574e47524401'), 0xfefd), 'a 1.3 server says so to every 1.2 client');
  assert.ok(isDowngrade(random('444f574e47524401'), 0xfefc));
  assert.ok(!isDowngrade(random('444f574e47524402'), 0xfefc));
});

test('a changed hello on the way is found by CertificateVerify (RFC 5246 7.4.8)', () => {
  const pair = new DtlsPair({ client: MTU, server: MTU });
  pair.wire = (from, datagram, index) => {
    if (index !== 0) return [datagram];
    const hello = decodeClientHello(datagram.subarray(25));
    const cipherSuites = [...hello.cipherSuites].reverse();
    return [plainRecord(ContentType.handshake, fragmentOf(H.clientHello, 0, encodeClientHello({ ...hello, cipherSuites })))];
  };
  pair.handshake(4_000);
  assert.equal(pair.client.state, 'failed');
  assert.equal(pair.server.state, 'failed');
  assert.ok(pair.events.server.every(({ type }) => type !== 'connected'));
  // The client signed another transcript.
  assert.deepEqual(endOf(pair, 'server'), { reason: 'authentication', alert: Alert.decryptError });
});

test('a ClientHello that also offers DTLS 1.3, in two datagrams, is answered with 1.2 (RFC 8446 4.2.1)', () => {
  const lie = clientHello((h) => {
    const hello = withExtension(h, ExtensionType.supportedVersions, Uint8Array.of(4, 0xfe, 0xfc, 0xfe, 0xfd));
    const keyShare = concat(Uint8Array.of(0x04, 0xe6, 0x11, 0xec, 0x04, 0xc0), new Uint8Array(1216).fill(7), Uint8Array.of(0, 29, 0, 32), new Uint8Array(32).fill(9));
    return { ...withExtension(withExtension(hello, 51, keyShare), 0x7a7a, Uint8Array.of(0)), cipherSuites: [0x1301, 0x1302, 0x1303, ...h.cipherSuites, 0x00ff] };
  });
  const pair = run(lie, { client: { mtuBytes: 1200 } });
  assert.equal(pair.client.state, 'connected', JSON.stringify(pair.events));
  const hellos = pair.sent.filter(({ from }) => from === 'client').slice(0, 2);
  assert.ok(hellos.every(({ bytes }) => bytes[13] === H.clientHello && bytes.length <= 1200), 'the hello took two datagrams');
  const answer = decodeServerHello(serverHelloOf(pair));
  assert.equal(answer.version, 0xfefd);
  assert.ok(!answer.extensions.has(ExtensionType.supportedVersions));
  assert.ok(!isDowngrade(answer.random, 0xfefc));
});

function serverHelloOf(pair: DtlsPair): Uint8Array {
  const datagram = pair.sent.find(({ from }) => from === 'server')?.bytes as Uint8Array;
  return (recordsOf(datagram)[0] as { bytes: Uint8Array }).bytes.subarray(25);
}

test('the server chooses suite, group and SRTP profile by its own order (RFC 5764 4.1.1)', () => {
  const pair = new DtlsPair({
    client: { srtpProfiles: [1, 8, 7], aeads: ['chacha20-poly1305', 'aes-256-gcm'], groups: ['x25519', 'secp256r1'] },
    server: { srtpProfiles: [8, 1], aeads: ['aes-256-gcm', 'chacha20-poly1305'], groups: ['secp256r1', 'x25519'] },
  }).handshake();
  assert.equal(pair.client.srtpProfile, SrtpProfile.aeadAes256Gcm);
  assert.equal(pair.client.cipherSuite?.aead, 'aes-256-gcm');
  assert.deepEqual(decodeUseSrtp(decodeServerHello(serverHelloOf(pair)).extensions.get(ExtensionType.useSrtp) as Uint8Array), { profiles: [8], mki: EMPTY });
});

test('without SRTP a connection for data comes up (RFC 5764 4.1)', () => {
  for (const options of [{ client: { srtpProfiles: [] } }, { server: { srtpProfiles: [] } }, { client: { srtpProfiles: [1] }, server: { srtpProfiles: [7] } }]) {
    const pair = new DtlsPair(options).handshake();
    assert.equal(pair.client.state, 'connected');
    assert.equal(pair.client.srtpProfile, undefined);
    assert.equal(pair.server.srtpProfile, undefined);
    assert.throws(() => pair.client.exportSrtpKeys(), { code: 'ERR_INVALID_STATE' });
  }
});

test('A-DTLS-12 randoms and cookies of a thousand handshakes are all different', () => {
  const random = seededRandom(12);
  const seen = new Set<string>();
  for (let i = 0; i < 1_000; i++) {
    const client = new DtlsMachine({ role: 'client', certificate: certificateOf('client'), remoteFingerprints: [] }, { ...environmentOf(1), random });
    client.start(0);
    const hello = decodeClientHello((client.pollWrite() as Uint8Array).subarray(25));
    seen.add(toHex(hello.random));
    seen.add(toHex(new Cookies(environmentOf(1).crypto, new Uint8Array(32)).of(Uint8Array.of(1), hello)));
    assert.equal(hello.sessionId.length, 0);
  }
  assert.equal(seen.size, 2_000);
});

const COOKIE_SECRET = randomBytes(seededRandom(3), 32);
const cookieServer = (addressToken: Uint8Array = Uint8Array.of(192, 0, 2, 1)): Partial<DtlsConfig> => ({ cookie: 'required', addressToken, cookieSecret: COOKIE_SECRET });

test('A-DTLS-13 a server that asks for cookies answers a hello with less than it got, in the old version (RFC 6347 4.2.1)', () => {
  const pair = new DtlsPair({ server: cookieServer() }).handshake();
  assert.equal(pair.client.state, 'connected');
  const [first, verify, second, answer] = pair.sent.map(({ bytes }) => bytes) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  assert.ok(verify.length <= first.length);
  assert.equal(toHex(verify.subarray(1, 3)), 'feff');
  assert.deepEqual(decodeHelloVerifyRequest(verify.subarray(25)).version, 0xfeff);
  assert.equal(recordsOf(verify)[0]?.sequence, recordsOf(first)[0]?.sequence);
  assert.equal(recordsOf(answer)[0]?.sequence, recordsOf(second)[0]?.sequence);
  const [before, after] = [decodeClientHello(first.subarray(25)), decodeClientHello(second.subarray(25))];
  assert.deepEqual(after, { ...before, cookie: after.cookie }, 'the same hello but for the cookie, its random too (A-DTLS-12)');
  assert.equal(after.cookie.length, 32);
});

test('A-DTLS-13 a cookie is good for its address, its hello and its secret only', () => {
  const pair = new DtlsPair({ server: cookieServer() }).handshake();
  const second = pair.sent[2]?.bytes as Uint8Array;
  const hello = decodeClientHello(second.subarray(25));
  const serve = (config: Partial<DtlsConfig>, datagram: Uint8Array): Uint8Array => {
    const server = new DtlsMachine({ role: 'server', certificate: certificateOf('server'), remoteFingerprints: [], ...config }, environmentOf(5));
    server.handleRead(datagram.slice(), 0);
    const answer = server.pollWrite() as Uint8Array;
    assert.equal(server.pollWrite(), undefined);
    return answer;
  };
  assert.equal(serve(cookieServer(), second)[13], H.serverHello, 'another server object with the same secret');
  assert.equal(serve(cookieServer(Uint8Array.of(192, 0, 2, 2)), second)[13], H.helloVerifyRequest, 'another address');
  assert.equal(serve({ ...cookieServer(), cookieSecret: new Uint8Array(32) }, second)[13], H.helloVerifyRequest, 'another secret');
  const changed = fragmentOf(H.clientHello, 1, encodeClientHello({ ...hello, random: new Uint8Array(32) }));
  assert.equal(serve(cookieServer(), plainRecord(ContentType.handshake, changed))[13], H.helloVerifyRequest, 'another hello');
});

test('A-DTLS-13 a flood of hellos without cookies leaves nothing behind and draws no more bytes than it brings', () => {
  const server = new DtlsMachine({ role: 'server', certificate: certificateOf('server'), remoteFingerprints: [], ...cookieServer() } as DtlsConfig, environmentOf(5));
  const client = new DtlsMachine({ role: 'client', certificate: certificateOf('client'), remoteFingerprints: [] }, environmentOf(6));
  client.start(0);
  const hello = client.pollWrite() as Uint8Array;
  let bytesOut = 0;
  for (let i = 0; i < 1_000; i++) {
    const flood = hello.slice();
    flood[30] = i;
    flood[31] = i >> 8;
    server.handleRead(flood, i);
    for (let bytes = server.pollWrite(); bytes; bytes = server.pollWrite()) bytesOut += bytes.length;
  }
  assert.ok(bytesOut > 0 && bytesOut <= 1_000 * hello.length);
  assert.equal(server.pollTimeout()?.reason, 'handshake', 'no retransmission is armed');
  // The hello of somebody who hears us still gets through.
  const pair = new DtlsPair({ server: cookieServer() });
  for (let i = 0; i < 100; i++) pair.server.handleRead(hello.slice(), 0);
  assert.equal(pair.handshake().client.state, 'connected');
});

test('a hello with the last record number leaves room for the answer (RFC 6347 4.1)', () => {
  const pair = new DtlsPair();
  pair.wire = (from, datagram) => {
    if (from === 'client' && datagram[13] === H.clientHello) datagram.fill(0xff, 5, 11);
    return [datagram];
  };
  pair.handshake();
  assert.equal(pair.client.state, 'connected');
  const numbers = pair.sent.filter(({ from }) => from === 'server').flatMap(({ bytes }) => recordsOf(bytes)).filter(({ epoch }) => epoch === 0).map(({ sequence }) => sequence);
  assert.equal(new Set(numbers).size, numbers.length);
  assert.ok(numbers.every((sequence) => sequence >= 2 ** 47 && sequence < 2 ** 48));
});

test('A-DTLS-13 a hello so small that the answer would be larger gets none', () => {
  const server = new DtlsMachine({ role: 'server', certificate: certificateOf('server'), remoteFingerprints: [], ...cookieServer() } as DtlsConfig, environmentOf(5));
  const tiny = encodeClientHello({ version: 0xfefd, random: new Uint8Array(32), sessionId: EMPTY, cookie: EMPTY, cipherSuites: [], compressionMethods: EMPTY, extensions: new Map() });
  server.handleRead(plainRecord(ContentType.handshake, fragmentOf(H.clientHello, 0, tiny.subarray(0, 38))), 0);
  const answer = server.pollWrite();
  assert.ok(answer === undefined || answer.length <= 25 + 38);
});

test('a client follows three HelloVerifyRequests and no more', () => {
  const pair = new DtlsPair().start();
  for (let i = 0; i < 4; i++) {
    const verify = fragmentOf(H.helloVerifyRequest, i, Uint8Array.of(0xfe, 0xff, 1, i));
    pair.client.handleRead(plainRecord(ContentType.handshake, verify, i, 0, 0xfeff), 0);
  }
  pair.collect();
  assert.deepEqual(endOf(pair, 'client'), { reason: 'protocol', alert: Alert.unexpectedMessage });
});

test('A-DTLS-14 a second ClientHello in the clear changes nothing', () => {
  const pair = new DtlsPair().handshake();
  const before = toHex(pair.client.exportKeyingMaterial('x', 32));
  const hello = pair.sent[0]?.bytes as Uint8Array;
  const sent = pair.sent.length;
  pair.now += 2_000;
  for (let i = 0; i < 100; i++) for (const sequence of [0, 5, 9]) {
    const again = hello.slice();
    again[18] = sequence;
    pair.server.handleRead(again, pair.now);
  }
  pair.collect();
  assert.equal(pair.sent.length - sent, 1, 'the last flight once');
  assert.equal(pair.server.state, 'connected');
  assert.equal(toHex(pair.server.exportKeyingMaterial('x', 32)), before);
});

test('A-DTLS-14 a sealed ClientHello or HelloRequest is answered with no_renegotiation, at most once a second', () => {
  for (const [from, type] of [['client', H.clientHello], ['server', H.helloRequest]] as const) {
    const pair = new DtlsPair().handshake();
    const to = from === 'client' ? 'server' : 'client';
    const before = toHex(pair.machine(to).exportKeyingMaterial('x', 32));
    const sent = pair.sent.length;
    for (let i = 0; i < 10; i++) sendSealed(pair, from, ContentType.handshake, fragmentOf(type, 9, new Uint8Array(type === H.helloRequest ? 0 : 50)));
    pair.settle(5);
    const answers = pair.sent.slice(sent).filter((datagram) => datagram.from === to);
    assert.equal(answers.length, 1);
    assert.equal(recordsOf(answers[0]?.bytes as Uint8Array)[0]?.type, ContentType.alert);
    assert.equal(pair.machine(from).stats().dropped.get('dtls.warning'), 1);
    assert.equal(pair.machine(to).state, 'connected');
    assert.equal(toHex(pair.machine(to).exportKeyingMaterial('x', 32)), before);
    pair.send(from, encodeUtf8('on'));
    pair.settle();
    assert.equal(pair.data[to].length, 1);
  }
});

test('after the handshake a record that ends within a fragment is counted, and the repetition in front of it is answered (RFC 6347 4.2.4)', () => {
  const pair = new DtlsPair().handshake();
  const sent = pair.sent.length;
  pair.now += 1_000;
  const content = concat(fragmentOf(H.finished, 0, new Uint8Array(12)), new Uint8Array(5));
  sendSealed(pair, 'client', ContentType.handshake, content);
  pair.settle(1);
  assert.equal(pair.server.stats().dropped.get('dtls.malformed'), 1);
  const answers = pair.sent.slice(sent).filter(({ from }) => from === 'server');
  assert.equal(answers.length, 1, 'the last flight');
  assert.deepEqual(recordsOf(answers[0]?.bytes as Uint8Array).map(({ type }) => type), [ContentType.changeCipherSpec, ContentType.handshake]);
  assert.equal(pair.server.stats().retransmissions, 1);
});

test('A-DTLS-23 keys are exported only from a connection, with both roles in their place (RFC 5764 4.2)', () => {
  const idle = new DtlsPair().start();
  for (const machine of [idle.client, idle.server]) {
    assert.throws(() => machine.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 60), { code: 'ERR_INVALID_STATE' });
    assert.throws(() => machine.exportSrtpKeys(), { code: 'ERR_INVALID_STATE' });
  }
  for (const [profile, keyBytes, saltBytes] of [[1, 16, 14], [7, 16, 12], [8, 32, 12]] as const) {
    const pair = new DtlsPair({ client: { srtpProfiles: [profile] } }).handshake();
    const [client, server] = [pair.client.exportSrtpKeys(), pair.server.exportSrtpKeys()];
    assert.equal(client.profile, profile);
    assert.deepEqual(client.local, server.remote);
    assert.deepEqual(client.remote, server.local);
    const material = pair.client.exportKeyingMaterial('EXTRACTOR-dtls_srtp', 2 * (keyBytes + saltBytes));
    assert.equal(toHex(material), toHex(concat(client.local.key, client.remote.key, client.local.salt, client.remote.salt)), 'client key, server key, client salt, server salt');
  }
});

test('exported material depends on label, context and length (RFC 5705 4)', () => {
  const pair = new DtlsPair().handshake();
  const out = new Set([pair.client.exportKeyingMaterial('a', 32), pair.client.exportKeyingMaterial('b', 32), pair.client.exportKeyingMaterial('a', 32, EMPTY), pair.client.exportKeyingMaterial('a', 32, Uint8Array.of(0))].map(toHex));
  assert.equal(out.size, 4);
  assert.deepEqual(pair.server.exportKeyingMaterial('a', 32, Uint8Array.of(7)), pair.client.exportKeyingMaterial('a', 32, Uint8Array.of(7)));
  for (const length of [0, -1, 65_536, Number.NaN]) assert.throws(() => pair.client.exportKeyingMaterial('a', length), { code: 'ERR_INVALID_ARGUMENT' });
});

test('A-DTLS-24 handshakes that fail leave no timer and nothing to send, and others are served', () => {
  for (let i = 0; i < 200; i++) {
    const pair = new DtlsPair({ seed: i, client: { remoteFingerprints: [] } }).handshake(3_000);
    for (const side of ['client', 'server'] as const) {
      const machine = pair.machine(side);
      assert.equal(machine.state, 'failed');
      assert.equal(machine.pollTimeout(), undefined);
      assert.equal(machine.pollWrite(), undefined);
      assert.equal(pair.events[side].length, 1);
      machine.handleRead(new Uint8Array(100), pair.now);
      machine.handleTimeout(pair.now + 1e6);
      machine.close(pair.now);
      assert.equal(machine.pollWrite(), undefined);
      assert.equal(machine.pollEvent(), undefined);
    }
  }
  assert.equal(new DtlsPair().handshake().client.state, 'connected');
});

test('a configuration out of range is refused', () => {
  const base = { role: 'server', certificate: certificateOf('server'), remoteFingerprints: [] } as const;
  const bad: [Partial<DtlsConfig>, string][] = [
    [{ mtuBytes: 99 }, 'ERR_INVALID_ARGUMENT'],
    [{ mtuBytes: Number.NaN }, 'ERR_INVALID_ARGUMENT'],
    [{ helloRandom: new Uint8Array(31) }, 'ERR_INVALID_ARGUMENT'],
    [{ handshakeTimeoutMs: 0 }, 'ERR_INVALID_ARGUMENT'],
    [{ srtpProfiles: [2] }, 'ERR_NOT_SUPPORTED'],
    [{ srtpProfiles: [], srtpRequired: true }, 'ERR_INVALID_ARGUMENT'],
    [{ cookie: 'required' }, 'ERR_INVALID_ARGUMENT'],
    [{ cookie: 'required', addressToken: EMPTY, cookieSecret: new Uint8Array(31) }, 'ERR_INVALID_ARGUMENT'],
    [{ ...cookieServer(), role: 'client' }, 'ERR_INVALID_ARGUMENT'],
  ];
  for (const [config, code] of bad) assert.throws(() => new DtlsMachine({ ...base, ...config }, environmentOf(1)), { code }, JSON.stringify(config));
});
