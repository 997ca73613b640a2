import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demux } from '../../../src/peer/index.ts';
import { seeded, seededRandom } from '../../support/fuzz.ts';
import { PeerPair } from '../../support/peer-pair.ts';
import { loadVectors } from '../../support/vectors.ts';

const KINDS: Record<string, string> = { stun: 'stun', dtls: 'dtls', 'turn-channel': 'turn-channel', 'rtp-rtcp': 'rtp' };

test('A-DMX-01 every first byte is what RFC 7983 and RFC 9443 say, and an empty datagram is nothing', () => {
  const vectors = loadVectors<{ demux: { firstByte: number; kind: string }[] }>('ice.json').demux;
  assert.ok(vectors.length > 10);
  for (const { firstByte, kind } of vectors) assert.equal(demux(firstByte), KINDS[kind] ?? 'none', `first byte ${firstByte}`);
  assert.equal(demux(undefined), 'none');
});

test('A-DMX-01 all first bytes with lengths 0 to 64 leave a connection as it was', () => {
  const pair = new PeerPair(11);
  const { channelA, channelB } = pair.connect();
  const next = seeded(5);
  for (let first = 0; first < 256; first++) {
    for (let length = 0; length <= 64; length += length < 16 ? 1 : 8) {
      const bytes = Uint8Array.from({ length }, () => Math.floor(next() * 256));
      if (length > 0) bytes[0] = first;
      pair.b.peer.handleRead({ bytes, local: pair.b.address, remote: pair.a.address }, pair.now);
    }
  }
  echoWorks(pair, channelA, channelB);
});

for (const when of ['before', 'during', 'after'] as const) {
  test(`A-DMX-02 ClientHellos from an address that passed no check, ${when} the handshake, change nothing and get no answer`, () => {
    const stranger = { address: '10.0.0.66', port: 6666 };
    const hello = recordedClientHello();
    const pair = new PeerPair(12);
    const flood = (): void => {
      for (let i = 0; i < 1000; i++) {
        pair.a.peer.handleRead({ bytes: hello.slice(), local: pair.a.address, remote: stranger }, pair.now);
        pair.b.peer.handleRead({ bytes: hello.slice(), local: pair.b.address, remote: stranger }, pair.now);
      }
    };
    if (when === 'before') flood();
    let datagrams = 0;
    pair.filter = () => {
      if (when === 'during' && ++datagrams % 3 === 0 && datagrams < 40) flood();
      return true;
    };
    const { channelA, channelB } = pair.connect();
    if (when === 'after') flood();
    echoWorks(pair, channelA, channelB);
    for (const { sent } of [pair.a, pair.b]) assert.ok(sent.every(({ remote }) => remote.address !== stranger.address));
    const drops = pair.b.peer.stats(pair.now).byType('sansrtc-drops')[0]!.counters;
    assert.ok((drops['demux.unchecked-source'] ?? 0) >= 1000);
  });
}

test('A-DMX-03 DTLS, SRTP and data of another 5-tuple are dropped and never move the send address', () => {
  const pair = new PeerPair(13);
  const { channelA, channelB } = pair.connect();
  echoWorks(pair, channelA, channelB);
  const stranger = { address: '10.0.0.66', port: 6666 };
  const data = pair.a.sent.filter(({ bytes }) => bytes[0] === 23).at(-1)!.bytes;
  for (const bytes of [data, recordedClientHello(), Uint8Array.of(0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2), Uint8Array.of(0x80, 200, 0, 1, 0, 0, 0, 2)]) {
    pair.b.peer.handleRead({ bytes: bytes.slice(), local: pair.b.address, remote: stranger }, pair.now);
  }
  echoWorks(pair, channelA, channelB);
  assert.ok(pair.b.sent.every(({ remote }) => remote.address === pair.a.address.address));
});

test('A-DMX-04 100,000 random datagrams on the selected pair do not disconnect it', () => {
  const pair = new PeerPair(14);
  const { channelA, channelB } = pair.connect();
  const random = seededRandom(15);
  const next = seeded(16);
  for (let i = 0; i < 100_000; i++) {
    const bytes = new Uint8Array(1 + Math.floor(next() * 60));
    random(bytes);
    pair.b.peer.handleRead({ bytes, local: pair.b.address, remote: pair.a.address }, pair.now);
  }
  pair.exchange();
  assert.equal(pair.b.peer.connectionState, 'connected');
  echoWorks(pair, channelA, channelB);
});

test('A-ICE-02 when the peer falls silent, sending stops within 30 s, through disconnected to failed, and not one packet follows', () => {
  const pair = new PeerPair(17);
  const { channelA } = pair.connect();
  const silentFrom = pair.now;
  pair.filter = () => false;
  let lastSent = 0;
  for (; pair.now < silentFrom + 90_000; pair.run(100)) {
    const before = pair.a.sent.length;
    if (channelA.bufferedAmount < 100_000) pair.a.peer.handleWrite({ channel: channelA, binary: true, data: new Uint8Array(1000) }, pair.now);
    pair.exchange();
    if (pair.a.sent.length > before) lastSent = pair.now;
  }
  const states = pair.a.events.flatMap((event) => (event.type === 'connection-state' ? [event.state] : []));
  assert.deepEqual(states, ['connecting', 'connected', 'disconnected', 'failed']);
  assert.ok(lastSent - silentFrom <= 31_000, `the last packet left ${lastSent - silentFrom} ms after the peer fell silent`);
});

function echoWorks(pair: PeerPair, channelA: Parameters<PeerPair['a']['peer']['pollReadChannel']>[0], channelB: typeof channelA): void {
  pair.a.peer.handleWrite({ channel: channelA, binary: true, data: Uint8Array.of(1, 2, 3) }, pair.now);
  pair.run(50);
  assert.deepEqual(pair.b.peer.pollReadChannel(channelB)?.data, Uint8Array.of(1, 2, 3));
  pair.b.peer.handleWrite({ channel: channelB, binary: true, data: Uint8Array.of(4) }, pair.now);
  pair.run(50);
  assert.deepEqual(pair.a.peer.pollReadChannel(channelA)?.data, Uint8Array.of(4));
}

/** The first datagram of a recorded handshake. */
function recordedClientHello(): Uint8Array {
  const { datagrams } = loadVectors<{ datagrams: { hex: string }[] }>('dtls-transcripts/boringssl-dtls12-ecdsa-aes128gcm-x25519.json');
  return new Uint8Array(Buffer.from(datagrams[0]!.hex, 'hex'));
}
