import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromBase64, toBase64 } from '../../../src/core/index.ts';
import { ChunkType, decodePacket, encodeInit, makeInit, MAX_SIGNALLED_INIT_BYTES, readInit, type SctpConfig, type SignalledInits } from '../../../src/sctp/index.ts';
import { bitFlips, seededRandom } from '../../support/fuzz.ts';
import { type LinkOptions, payload, SctpWorld } from '../../support/sctp.ts';

// The chunk of the draft's example (draft-hancke-tsvwg-snap, "SDP sctp-init attribute"), whose last parameter is not padded.
const EXAMPLE = fromBase64('AQAAHols3R0AUAAA/////+B5ZR3AAAAEgAgABoLA')!;
const HANDSHAKE: readonly number[] = [ChunkType.INIT, ChunkType.INIT_ACK, ChunkType.COOKIE_ECHO, ChunkType.COOKIE_ACK];
const initOf = (seed: number, config: SctpConfig = {}): Uint8Array => makeInit(config, seededRandom(seed));
const message = (streamId: number, seed: number, size = 3000) => ({ streamId, ppid: 53, data: payload(size, seed), ordered: true });

/** Both know of both. */
function agreed(config: SctpConfig = {}): { readonly a: SignalledInits; readonly b: SignalledInits } {
  const [local, remote] = [initOf(1, config), initOf(2, config)];
  return { a: { local, remote }, b: { local: remote, remote: local } };
}

/** Types of all chunks that were sent, in order. */
function typesOf(world: SctpWorld): number[] {
  return [...world.a.sent, ...world.b.sent].flatMap((packet) => decodePacket(packet).chunks.map(({ type }) => type));
}

function worldOf(signalled: { readonly a?: SignalledInits; readonly b?: SignalledInits }, link: LinkOptions = { delayMs: 10 }, seed = 1): SctpWorld {
  const world = new SctpWorld({ seed, link, signalled });
  world.record = true;
  return world;
}

test('the INIT of the draft’s example is read, with the padding left out and with it', () => {
  assert.equal(EXAMPLE.length, 30);
  const init = readInit(EXAMPLE)!;
  assert.deepEqual([init.initiateTag, init.receiveWindowBytes, init.streamsOut, init.streamsIn, init.initialTsn], [0x896cdd1d, 0x0050_0000, 65_535, 65_535, 0xe079_651d]);
  assert.deepEqual([init.forwardTsn, init.reconfig, init.zeroChecksum, init.interleaving], [true, true, false, false]);
  const padded = new Uint8Array(32);
  padded.set(EXAMPLE);
  assert.deepEqual(readInit(padded), init);
});

test('what we signal can be read, and says what our INIT on the wire would', () => {
  for (const config of [{}, { receiveWindowBytes: 123_456, zeroChecksum: true, interleaving: false, streams: 12 }]) {
    const chunk = initOf(3, config);
    const world = new SctpWorld({ a: config, signalled: { a: { local: chunk, remote: undefined } } });
    world.record = true;
    world.a.association.connect(0);
    world.settle();
    assert.deepEqual(world.a.sent[0]!.subarray(12), chunk, 'tag and TSN included');
    const init = readInit(chunk)!;
    assert.equal(init.initiateTag !== 0, true);
    assert.deepEqual([init.streamsOut, init.interleaving, init.zeroChecksum], [config.streams ?? 65_535, config.interleaving ?? true, config.zeroChecksum ?? false]);
  }
  assert.notDeepEqual(initOf(3), initOf(4), 'tags and TSNs are random');
});

test('A-SCTP-24 what is not one INIT of a bounded size is none, and nothing throws', () => {
  const good = initOf(5);
  const changed = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = good.slice();
    change(bytes);
    return bytes;
  };
  const base = { initiateTag: 1, initialTsn: 1, receiveWindowBytes: 100_000, streamsOut: 1, streamsIn: 1, forwardTsn: true, reconfig: true, zeroChecksum: false };
  const bad: Readonly<Record<string, Uint8Array>> = {
    nothing: new Uint8Array(0),
    'a header': good.subarray(0, 19),
    'another type': changed((bytes) => void (bytes[0] = ChunkType.INIT_ACK)),
    'a length beyond its end': changed((bytes) => void (bytes[3] = good.length + 4)),
    'a second chunk behind it': Uint8Array.of(...good, 3, 0, 0, 4),
    'a parameter that is cut': changed((bytes) => void (bytes[23] = 200)),
    'tag 0': encodeInit(ChunkType.INIT, { ...base, initiateTag: 0 }),
    'no streams out': encodeInit(ChunkType.INIT, { ...base, streamsOut: 0 }),
    'no streams in': encodeInit(ChunkType.INIT, { ...base, streamsIn: 0 }),
    'more than is looked at': encodeInit(ChunkType.INIT, { ...base, unrecognized: [new Uint8Array(MAX_SIGNALLED_INIT_BYTES)] }),
  };
  assert.ok(readInit(encodeInit(ChunkType.INIT, base)) !== undefined);
  for (const [what, bytes] of Object.entries(bad)) assert.equal(readInit(bytes), undefined, what);
  for (const flipped of bitFlips(good)) readInit(flipped);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void readInit(Uint8Array.of(1, 0, 0, bytes.length + 4, ...bytes))));
});

test('two ends that signalled are up at once: a message is there after half a round trip, and no handshake was sent', () => {
  for (const config of [{}, { zeroChecksum: true, interleaving: false }]) {
    const world = new SctpWorld({ a: config, b: config, link: { delayMs: 10 }, signalled: agreed(config) });
    world.record = true;
    for (const side of [world.a, world.b]) side.association.connect(0);
    for (const side of [world.a, world.b]) assert.equal(side.association.state, 'established');
    world.a.association.handleWrite(message(0, 1, 500), 0);
    assert.ok(world.run(1000, () => world.b.messages.length === 1));
    assert.equal(world.now, 10);
    for (const side of [world.a, world.b]) assert.deepEqual(side.events[0], { type: 'connected', streamsOut: 65_535, streamsIn: 65_535 });
    assert.deepEqual(typesOf(world).filter((type) => HANDSHAKE.includes(type)), []);
    const isZero = world.a.sent.every((packet) => packet.subarray(8, 12).every((byte) => byte === 0));
    assert.equal(isZero, config.zeroChecksum === true, 'zero checksums need the word of both (RFC 9653)');
  }
});

test('a path that loses, turns round and repeats takes nothing of what is sent, from the first packet on', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const world = worldOf(agreed(), { delayMs: 10, jitterMs: 20, loss: 0.3, duplicate: 0.1 }, seed);
    for (const side of [world.a, world.b]) side.association.connect(0);
    for (let i = 0; i < 10; i++) for (const side of [world.a, world.b]) side.association.handleWrite(message(i % 3, i), 0);
    assert.ok(world.run(300_000, () => world.a.messages.length === 10 && world.b.messages.length === 10), `seed ${seed}`);
    for (const side of [world.a, world.b]) {
      for (let stream = 0; stream < 3; stream++) {
        const wanted = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].filter((i) => i % 3 === stream).map((i) => payload(3000, i));
        assert.deepEqual(side.messages.filter(({ streamId }) => streamId === stream).map(({ data }) => data), wanted, `seed ${seed}`);
      }
    }
  }
});

/** One end takes the association to be up, the other has to ask for it. `signalled` is of the latter. */
function oneSided(signalled: SignalledInits | undefined, link: LinkOptions, seed: number): SctpWorld {
  const world = worldOf({ a: agreed().a, ...(signalled && { b: signalled }) }, link, seed);
  for (const side of [world.a, world.b]) side.association.connect(0);
  for (let i = 0; i < 5; i++) for (const side of [world.a, world.b]) side.association.handleWrite(message(1, i), 0);
  return world;
}

test('A-SCTP-24 an end whose answer was lost on the way asks on the wire, and nothing that either has sent is lost', () => {
  const halves: readonly (SignalledInits | undefined)[] = [{ local: initOf(2), remote: undefined }, { local: initOf(9), remote: undefined }, undefined];
  for (const [which, signalled] of halves.entries()) {
    for (let seed = 1; seed <= 20; seed++) {
      const world = oneSided(signalled, { delayMs: 10, jitterMs: seed % 3 === 0 ? 30 : 0, loss: seed > 10 ? 0.2 : 0 }, seed);
      const where = `case ${which}, seed ${seed}`;
      assert.ok(world.run(300_000, () => world.a.messages.length === 5 && world.b.messages.length === 5), where);
      for (const side of [world.a, world.b]) {
        assert.deepEqual(side.messages.map(({ data }) => data), [0, 1, 2, 3, 4].map((i) => payload(3000, i)), where);
        assert.equal(side.events.filter(({ type }) => type === 'connected').length, 1, where);
        assert.equal(side.association.state, 'established', where);
      }
    }
  }
});

test('a stream that is being reset when the peer asks on the wire is reset with it (RFC 6525)', () => {
  for (const signalled of [{ local: initOf(2), remote: undefined }, { local: initOf(9), remote: undefined }]) {
    const world = oneSided(signalled, { delayMs: 10 }, 4);
    world.a.association.resetStreams([1], 0);
    assert.ok(world.run(300_000, () => world.a.event('outgoing-reset') !== undefined));
    assert.deepEqual(world.a.event('outgoing-reset'), { type: 'outgoing-reset', streamIds: [1], result: 'performed' });
    assert.deepEqual(world.b.event('incoming-reset'), { type: 'incoming-reset', streamIds: [1] });
    assert.equal(world.b.messages.length, 5, 'what was written before came before');
  }
});

test('A-SCTP-24 once the peer was heard, an INIT is that of a restart and changes nothing (RFC 9260 5.2.2)', () => {
  const world = worldOf(agreed());
  for (const side of [world.a, world.b]) side.association.connect(0);
  world.b.association.handleWrite(message(0, 1, 10), 0);
  world.run(1000);
  assert.equal(world.a.messages.length, 1);
  const next = (from: SctpWorld['a']): Uint8Array => from.association.pollWrite()!.slice();
  const stranger = new SctpWorld({ seed: 50 }).a;
  stranger.association.connect(world.now);
  world.a.association.handleRead(next(stranger), world.now);
  const answer = next(world.a);
  assert.equal(decodePacket(answer).chunks[0]!.type, ChunkType.INIT_ACK);
  stranger.association.handleRead(answer, world.now);
  const echo = next(stranger);
  assert.equal(decodePacket(echo).chunks[0]!.type, ChunkType.COOKIE_ECHO);
  world.a.association.handleRead(echo, world.now);
  assert.equal(world.a.association.stats().counters.get('sctp.tag'), 1, 'its COOKIE ECHO has a tag of its own');
  world.b.association.handleWrite(message(0, 2, 10), world.now);
  assert.ok(world.run(1000, () => world.a.messages.length === 2));
});

test('base64 is read as it is written, with padding and without (RFC 4648 4)', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = toBase64(bytes);
      assert.deepEqual(fromBase64(text), bytes);
      assert.deepEqual(fromBase64(text.replace(/=+$/, '')), bytes);
    }),
  );
  for (const text of ['A', 'AAAAA', 'A===', 'AA=', 'AAA==', '====', 'AA A', 'AA-_', 'Ä===', 'AAAA=', '=AAA']) assert.equal(fromBase64(text), undefined, text);
  assert.deepEqual(fromBase64(''), new Uint8Array(0));
});
