import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RtcError } from '../../../src/core/index.ts';
import {
  createDepacketizer,
  createPacketizer,
  MAX_FRAME_BYTES,
  MAX_FRAME_PACKETS,
  MAX_HELD_PACKETS,
  MAX_HOLD_MS,
  type MediaPacket,
  type Sample,
  SampleBuilder,
} from '../../../src/codec/index.ts';
import { ReorderBuffer, retained } from '../../../src/codec/reorder-buffer.ts';
import { annexB, av1Unit, h264Nal, h265Nal, packetsOf, plainBytes, vp8Frame, vp9Frame } from '../../support/codec.ts';
import { seeded } from '../../support/fuzz.ts';

const MAKE: Readonly<Record<string, (length: number, key: boolean, seed: number) => Uint8Array>> = {
  VP8: vp8Frame,
  VP9: vp9Frame,
  AV1: av1Unit,
  H264: (length, key, seed) => (key ? annexB(h264Nal(7, 12), h264Nal(8, 5), h264Nal(5, length + 2, seed)) : annexB(h264Nal(1, length + 2, seed))),
  H265: (length, key, seed) => (key ? annexB(h265Nal(32, 9), h265Nal(33, 9), h265Nal(34, 9), h265Nal(19, length + 3, seed)) : annexB(h265Nal(1, length + 3, seed))),
  opus: (length, _key, seed) => Uint8Array.of(0x78, ...plainBytes(length % 300, seed)),
};

function drain(builder: SampleBuilder): Sample[] {
  const samples: Sample[] = [];
  for (let sample = builder.pollRead(); sample !== undefined; sample = builder.pollRead()) samples.push(sample);
  return samples;
}

/** Frames of a codec, every tenth a keyframe, and their packets. */
function stream(codec: string, count: number, options: Parameters<typeof packetsOf>[1] & { seed?: number; maxPayloadBytes?: number } = {}): { frames: Uint8Array[]; packets: MediaPacket[] } {
  const next = seeded(options.seed ?? 1);
  const packetizer = createPacketizer(codec, { maxPayloadBytes: options.maxPayloadBytes ?? 300 });
  const frames = Array.from({ length: count }, (_, i) => (MAKE[codec] as (typeof MAKE)[string])(1 + Math.floor(next() * 2000), i % 10 === 0, i + 1));
  return { frames, packets: packetsOf(frames.map((frame) => packetizer.packetize(frame)), options) };
}

const strip = (codec: string, frame: Uint8Array): string => {
  const text = Buffer.from(frame).toString('hex');
  return codec.startsWith('H26') ? text.replaceAll('00000001', '000001') : text;
};

for (const codec of Object.keys(MAKE)) {
  test(`${codec}: frames come out whole and in order across the wrap of sequence numbers and timestamps`, () => {
    const { frames, packets } = stream(codec, 60, { sequenceNumber: 65_500, timestamp: 0xffff_0000 });
    const builder = new SampleBuilder(createDepacketizer(codec));
    packets.forEach((packet, i) => builder.handleRead(packet, i));
    const samples = drain(builder);
    assert.deepEqual(samples.map(({ data }) => strip(codec, data)), frames.map((frame) => strip(codec, frame)));
    assert.deepEqual(samples.map(({ timestamp }) => timestamp), frames.map((_, i) => (0xffff_0000 + 3000 * i) >>> 0));
    assert.deepEqual(samples.map(({ keyframe }) => keyframe), frames.map((_, i) => codec === 'opus' || i % 10 === 0));
    assert.equal(samples[0]?.firstSequenceNumber, 65_500);
    assert.equal(samples.at(-1)?.lastSequenceNumber, packets.at(-1)?.sequenceNumber);
    assert.equal(builder.pollEvent(), undefined);
    assert.equal(builder.pollTimeout(), undefined);
  });

  test(`${codec}: streams without markers end a frame where the next begins, and the last after a pause`, () => {
    const { frames, packets } = stream(codec, 20, { markers: false });
    const builder = new SampleBuilder(createDepacketizer(codec));
    packets.forEach((packet) => builder.handleRead(packet, 5));
    const samples = drain(builder);
    if (codec !== 'opus') {
      assert.equal(samples.length, 19);
      assert.deepEqual(builder.pollTimeout(), { at: 5 + MAX_HOLD_MS, reason: 'frame' });
      builder.handleTimeout(5 + MAX_HOLD_MS);
      samples.push(...drain(builder));
    }
    assert.deepEqual(samples.map(({ data }) => strip(codec, data)), frames.map((frame) => strip(codec, frame)));
    assert.equal(builder.pollEvent(), undefined);
  });

  test(`${codec}: whatever is lost, doubled or out of order, each frame given out is one that was sent`, () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.integer({ min: 0, max: 30 }), fc.boolean(), (seed, lossPercent, markers) => {
        const next = seeded(seed);
        const { frames, packets } = stream(codec, 40, { seed, markers, sequenceNumber: 65_400 });
        const sent = new Map(frames.map((frame, i) => [i * 3000, strip(codec, frame)]));
        const touched = new Set<number>();
        const arriving: { packet: MediaPacket; at: number }[] = [];
        packets.forEach((packet, i) => {
          if (i > 0 && i < packets.length - 1 && next() * 100 < lossPercent) touched.add(packet.timestamp);
          else for (let copies = next() < 0.05 ? 2 : 1; copies > 0; copies--) arriving.push({ packet, at: i === 0 ? -1 : i + Math.floor(next() * 8) });
        });
        arriving.sort((a, b) => a.at - b.at);
        const builder = new SampleBuilder(createDepacketizer(codec), { maxHoldMs: 100 });
        for (const { packet, at } of arriving) builder.handleRead(packet, at);
        builder.close();
        const samples = drain(builder);
        for (const { timestamp, data } of samples) assert.equal(strip(codec, data), sent.get(timestamp));
        assert.deepEqual(samples.map(({ timestamp }) => timestamp), [...new Set(samples.map(({ timestamp }) => timestamp))].sort((a, b) => a - b));
        for (const timestamp of touched) assert.ok(!samples.some((sample) => sample.timestamp === timestamp && codec !== 'opus' && markers), `${timestamp}`);
        const stats = builder.stats();
        assert.equal(stats.framesAssembled, samples.length);
        if (lossPercent === 0) assert.equal(samples.length, 40);
        if (touched.size > 0 && codec === 'VP8' && markers) assert.equal(samples.length, 40 - touched.size);
      }),
      { numRuns: 25 },
    );
  });
}

test('a lost packet drops its frame, is reported once, and marks the next frame as following a gap', () => {
  const { packets } = stream('VP8', 4, { seed: 2 });
  const builder = new SampleBuilder(createDepacketizer('VP8'), { maxHoldMs: 50 });
  const lost = packets.findIndex(({ timestamp }) => timestamp === 3000) + 1;
  packets.forEach((packet, i) => i !== lost && builder.handleRead(packet, i));
  assert.deepEqual(drain(builder).map(({ timestamp }) => timestamp), [0]);
  const due = builder.pollTimeout();
  assert.equal(due?.at, lost - 1 + 50); // the frame began with the packet before
  builder.handleTimeout(1000);
  assert.deepEqual(drain(builder).map(({ timestamp, discontinuity }) => [timestamp, discontinuity]), [[6000, true], [9000, false]]);
  assert.deepEqual(builder.pollEvent(), { type: 'loss', reason: 'lost', timestamp: 3000, frames: 1, packets: 1 });
  assert.equal(builder.pollEvent(), undefined);
  const { framesDropped, packetsLost, packetsHeld } = builder.stats();
  assert.deepEqual([framesDropped, packetsLost, packetsHeld], [1, 1, 0]);
  builder.handleRead(packets[lost] as MediaPacket, 1001);
  assert.equal(builder.stats().packetsLate, 1);
});

test('a packet that comes in time fills its gap; duplicates are counted', () => {
  const { packets } = stream('H264', 3);
  const builder = new SampleBuilder(createDepacketizer('H264'));
  const late = packets.splice(1, 1)[0] as MediaPacket;
  for (const packet of packets) builder.handleRead(packet, 0);
  builder.handleRead(packets[1] as MediaPacket, 1);
  assert.equal(builder.pollRead(), undefined);
  builder.handleRead(late, MAX_HOLD_MS - 1);
  assert.equal(drain(builder).length, 3);
  assert.equal(builder.stats().packetsDuplicate, 1);
});

test('H.264 after a loss: a slice cannot prove that its picture begins with it, parameter sets can', () => {
  const packetizer = createPacketizer('H264');
  const frames = [annexB(h264Nal(5, 50)), annexB(h264Nal(1, 50)), annexB(h264Nal(1, 60)), annexB(h264Nal(7, 9), h264Nal(8, 4), h264Nal(5, 50))];
  for (const [lost, expected] of [[[1], [0, 9000]], [[1, 2], [0, 9000]], [[2], [0, 3000, 9000]]] as const) {
    const builder = new SampleBuilder(createDepacketizer('H264'), { maxHoldMs: 10 });
    packetsOf(frames.map((frame) => packetizer.packetize(frame))).forEach((packet, i) => lost.includes(i as never) || builder.handleRead(packet, 0));
    builder.handleTimeout(10);
    assert.deepEqual(drain(builder).map(({ timestamp }) => timestamp), expected, lost.join());
  }
});

test('padding alone and packets of other payload types fill their place and do nothing else', () => {
  const { frames, packets } = stream('VP8', 3);
  const builder = new SampleBuilder(createDepacketizer('VP8'));
  const filled = packets.flatMap((packet) => [packet, { ...packet, timestamp: packet.timestamp + 1, marker: true, payload: new Uint8Array(0) }]);
  filled.forEach((packet, i) => builder.handleRead({ ...packet, sequenceNumber: i }, i));
  assert.equal(drain(builder).length, frames.length);
  assert.equal(builder.pollEvent(), undefined);
});

test('a malformed payload drops its frame only', () => {
  const { packets } = stream('VP9', 3, { seed: 2 });
  const builder = new SampleBuilder(createDepacketizer('VP9'));
  const bad = packets.findIndex(({ timestamp }) => timestamp === 3000) + 1;
  packets.forEach((packet, i) => builder.handleRead(i === bad ? { ...packet, payload: Uint8Array.of(0x80) } : packet, i));
  assert.deepEqual(drain(builder).map(({ timestamp }) => timestamp), [0, 6000]);
  assert.deepEqual(builder.pollEvent(), { type: 'loss', reason: 'malformed', timestamp: 3000, frames: 1, packets: 0 });
});

test('a stream that begins anew far back is followed from its second packet on (RFC 3550 A.1)', () => {
  const builder = new SampleBuilder(createDepacketizer('opus'));
  const packet = (sequenceNumber: number): MediaPacket => ({ sequenceNumber, timestamp: sequenceNumber * 960, marker: false, payload: Uint8Array.of(0x78, 1) });
  for (const sequenceNumber of [40_000, 40_001, 20_000, 40_002, 20_001, 20_000, 20_001, 20_002]) builder.handleRead(packet(sequenceNumber), 0);
  assert.deepEqual(drain(builder).map(({ firstSequenceNumber }) => firstSequenceNumber), [40_000, 40_001, 40_002, 20_001, 20_002]);
  assert.equal(builder.stats().restarts, 1);
  builder.handleRead(packet(20_003 + 5000), 0); // far ahead: followed at once
  assert.equal(drain(builder).length, 1);
  assert.equal(builder.stats().packetsLost, 5000);
});

test('close ends what is whole, drops the rest and takes no more', () => {
  const { packets } = stream('VP8', 3);
  const builder = new SampleBuilder(createDepacketizer('VP8'));
  for (const packet of packets.slice(0, -1)) builder.handleRead(packet, 0);
  builder.close();
  builder.close();
  builder.handleRead(packets.at(-1) as MediaPacket, 0);
  assert.equal(drain(builder).length, 2);
  assert.equal(builder.pollEvent()?.reason, 'lost');
  assert.equal(builder.pollTimeout(), undefined);
});

const fragment = (sequenceNumber: number, timestamp: number, payload: Uint8Array): MediaPacket => ({ sequenceNumber: sequenceNumber & 0xffff, timestamp, marker: false, payload });

test('A-MED-02 a million packets of any number that complete no frame: never more than 2048 held, none longer than 2 s', () => {
  const next = seeded(42);
  const builder = new SampleBuilder(createDepacketizer('VP8'));
  const payload = Uint8Array.of(0, 1, 2, 3);
  const start = Uint8Array.of(0x10, 1, 2, 3);
  let most = 0;
  let sequence = 0;
  for (let i = 0; i < 1_000_000; i++) {
    // Half at random, half a stream in which every third packet is missing.
    const wild = i % 2 === 0 && i > 500_000;
    sequence += i % 3 === 0 ? 2 : 1;
    const now = i / 10;
    builder.handleRead(fragment(wild ? Math.floor(next() * 65_536) : sequence, wild ? Math.floor(next() * 2 ** 32) : i >> 3, i % 5 === 0 ? start : payload), now);
    if (i % 64 === 0) {
      most = Math.max(most, builder.stats().packetsHeld);
      assert.ok((builder.pollTimeout()?.at ?? Number.POSITIVE_INFINITY) > now);
      drain(builder);
      builder.pollEvent();
    }
  }
  assert.ok(most > 1000 && most <= MAX_HELD_PACKETS, `${most} held`);
});

test('A-MED-02 exactly the packets within the window are held; time frees them', () => {
  for (const [ahead, held] of [[MAX_HELD_PACKETS - 1, 2], [MAX_HELD_PACKETS, 0]] as const) {
    const builder = new SampleBuilder(createDepacketizer('opus'));
    const payload = Uint8Array.of(0x78, 1);
    builder.handleRead(fragment(0, 0, payload), 0);
    builder.handleRead(fragment(2, 2, payload), 10); // 1 is missing
    builder.handleRead(fragment(1 + ahead, 9, payload), 20);
    assert.equal(builder.stats().packetsHeld, held === 0 ? 1 : held, `${ahead}`);
    assert.equal(builder.pollTimeout()?.at, held === 0 ? 20 + MAX_HOLD_MS : 10 + MAX_HOLD_MS);
    builder.handleTimeout(10 + MAX_HOLD_MS - 1);
    assert.ok(builder.stats().packetsHeld > 0);
    builder.handleTimeout(20 + MAX_HOLD_MS);
    assert.equal(builder.stats().packetsHeld, 0);
    assert.equal(drain(builder).length, 3);
  }
});

test('A-MED-01 a frame has at most 4096 packets and 8 MiB; one more and it is dropped', () => {
  const start = Uint8Array.of(0x10, 1);
  const more = Uint8Array.of(0x00, 1);
  for (const packets of [MAX_FRAME_PACKETS - 1, MAX_FRAME_PACKETS, MAX_FRAME_PACKETS + 1]) {
    const builder = new SampleBuilder(createDepacketizer('VP8'));
    for (let i = 0; i < packets; i++) builder.handleRead({ ...fragment(i, 7, i === 0 ? start : more), marker: i === packets - 1 }, 0);
    const samples = drain(builder);
    assert.equal(samples[0]?.packets, packets > MAX_FRAME_PACKETS ? undefined : packets);
    assert.equal(builder.pollEvent()?.reason, packets > MAX_FRAME_PACKETS ? 'too-large' : undefined);
  }
  for (const bytes of [MAX_FRAME_BYTES - 1, MAX_FRAME_BYTES, MAX_FRAME_BYTES + 1]) {
    const builder = new SampleBuilder(createDepacketizer('G722'));
    builder.handleRead(fragment(0, 0, new Uint8Array(bytes)), 0);
    assert.equal(drain(builder).length, bytes > MAX_FRAME_BYTES ? 0 : 1);
  }
});

test('A-MED-02 bytes that wait for a missing packet, frames nobody polls and pieces of a frame are bounded', () => {
  const builder = new SampleBuilder(createDepacketizer('opus'), { maxFrameBytes: 10_000, maxReadyFrames: 5, maxReadyBytes: 10_000 });
  const payload = Uint8Array.of(0x7b, 1, ...plainBytes(998));
  builder.handleRead(fragment(0, 0, payload), 0);
  for (let i = 2; i < 14; i++) {
    builder.handleRead(fragment(i, i, payload), 0);
    assert.ok(builder.stats().packetsHeld <= 10);
  }
  assert.equal(drain(builder).length, 5);
  assert.deepEqual(builder.pollEvent(), { type: 'loss', reason: 'lost', timestamp: 0, frames: 8, packets: 1 });
  // Each one-byte OBU costs an object, so their number is bounded too.
  const obus = new SampleBuilder(createDepacketizer('AV1'));
  const tiny = Uint8Array.from({ length: 1101 }, (_, i) => (i === 0 ? 0 : i % 2 === 1 ? 1 : 0x30));
  for (let i = 0; i < 100; i++) obus.handleRead(fragment(i, 0, tiny), 0);
  assert.equal(obus.pollEvent()?.reason, 'too-large');
});

test('A-JS-04 a small payload in a large buffer is copied before it is kept', () => {
  const slab = new Uint8Array(65_536);
  assert.equal(retained(slab.subarray(10, 90)).buffer.byteLength, 80);
  const datagram = new Uint8Array(1200).subarray(12);
  assert.equal(retained(datagram), datagram);
  const buffer = new ReorderBuffer(100);
  buffer.put(fragment(5, 0, slab.subarray(0, 9)), 3);
  assert.equal(buffer.take(5).buffer.byteLength, 9);
});

test('limits that make no sense are ERR_INVALID_ARGUMENT', () => {
  for (const config of [{ maxHeldPackets: 0 }, { maxHeldPackets: 32_769 }, { maxHoldMs: -1 }, { maxFrameBytes: 0 }, { maxFramePackets: 0 }, { maxReadyBytes: 5 }, { maxReadyFrames: 0 }]) {
    assert.throws(() => new SampleBuilder(createDepacketizer('VP8'), config), RtcError);
  }
});
