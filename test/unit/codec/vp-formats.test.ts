import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, DecodeError, RtcError } from '../../../src/core/index.ts';
import {
  createDepacketizer,
  createPacketizer,
  decodeVp8Descriptor,
  decodeVp9Descriptor,
  encodeVp9Descriptor,
  type PacketizedPayload,
  Vp8Depacketizer,
  vp8Dimensions,
  Vp8Packetizer,
  Vp9Depacketizer,
  Vp8Numbering,
  type Vp9Descriptor,
  Vp9Packetizer,
} from '../../../src/codec/index.ts';
import { vp9PayloadOffset } from '../../../src/codec/vp9-descriptor.ts';
import { seeded } from '../../support/fuzz.ts';
import { av1Unit, depacketizeAll, payloadsOf, plainBytes, vp8Frame, vp9Frame } from '../../support/codec.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

const vectors = loadVectors('rtp-rtcp.json');
const MAKE = { VP8: vp8Frame, VP9: vp9Frame, AV1: av1Unit } as const;

for (const codec of ['VP8', 'VP9', 'AV1'] as const) {
  test(`${codec}: frames of any size around the MTU come back byte for byte, the marker on the last payload`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 64, max: 300 }), fc.integer({ min: 1, max: 1000 }), fc.boolean(), fc.nat(1000), (maxPayloadBytes, length, key, seed) => {
        const frame = MAKE[codec](length, key, seed);
        const packets = createPacketizer(codec, { maxPayloadBytes }).packetize(frame);
        const depacketizer = createDepacketizer(codec);
        assert.ok(packets.every(({ payload }) => payload.length <= maxPayloadBytes));
        assert.deepEqual(packets.map(({ marker }) => marker), packets.map((_, i) => i === packets.length - 1));
        assert.deepEqual(depacketizeAll(depacketizer, payloadsOf(packets)), frame);
        assert.equal(depacketizer.isKeyframe(frame), key);
        assert.equal(packets.some(({ payload }) => depacketizer.isKeyframePayload(payload)), key);
        assert.deepEqual(packets.map(({ payload }) => depacketizer.frameStart(payload) !== 'never'), packets.map((_, i) => i === 0));
      }),
      { numRuns: 400 },
    );
  });

  test(`${codec}: a payload lies in a buffer of its own with the headroom and tailroom asked for`, () => {
    const frame = MAKE[codec](500, true);
    const { payload } = createPacketizer(codec, { headroomBytes: 30, tailroomBytes: 20 }).packetize(frame)[0] as PacketizedPayload;
    assert.equal(payload.byteOffset, 30);
    assert.equal(payload.buffer.byteLength, 50 + payload.length);
    assert.throws(() => createPacketizer(codec).packetize(new Uint8Array(0)), RtcError);
    assert.throws(() => createPacketizer(codec, { maxPayloadBytes: 63 }), RtcError);
  });
}

test('VP8: the descriptors of the vectors (RFC 7741 4.6)', () => {
  for (const { hex: text, n, s, pid, pictureId, source } of vectors.vp8Descriptor) {
    const descriptor = decodeVp8Descriptor(hex(text));
    assert.deepEqual([descriptor.nonReference, descriptor.startsPartition, descriptor.partitionId, descriptor.pictureId ?? null, descriptor.length], [n === 1, s === 1, pid, pictureId, text.length / 2], source);
  }
});

test('VP8: picture ids, temporal layers and key index are written and read (RFC 7741 4.2)', () => {
  const packetizer = new Vp8Packetizer({ firstPictureId: 0x7fff });
  const read = (info: object): object => decodeVp8Descriptor((packetizer.packetize(vp8Frame(9, true), info)[0] as PacketizedPayload).payload);
  assert.deepEqual(read({ temporalId: 0 }), { nonReference: false, startsPartition: true, partitionId: 0, length: 6, pictureId: 0x7fff, tl0PicIdx: 1, temporalId: 0, layerSync: false });
  assert.deepEqual(read({ temporalId: 2, switchingPoint: true, discardable: true }), { nonReference: true, startsPartition: true, partitionId: 0, length: 6, pictureId: 0, tl0PicIdx: 1, temporalId: 2, layerSync: true });
  assert.deepEqual(decodeVp8Descriptor(hex('90100a')), { nonReference: false, startsPartition: true, partitionId: 0, length: 3, keyIdx: 10 });
  assert.equal((new Vp8Packetizer({ pictureIdBits: 0 }).packetize(vp8Frame(9, true))[0] as PacketizedPayload).payload.length, 10);
  assert.equal(decodeVp8Descriptor((new Vp8Packetizer({ pictureIdBits: 7, firstPictureId: 200 }).packetize(vp8Frame(9, true))[0] as PacketizedPayload).payload).pictureId, 72);
  assert.throws(() => read({ temporalId: 4 }), RtcError);
  assert.deepEqual(vp8Dimensions(hex('1000009d012a8002e001')), { width: 640, height: 480 });
  assert.equal(vp8Dimensions(hex('1100009d012a8002e001')), undefined);
});

test('A-MED-01 VP8: descriptors cut short, nothing behind them, a frame that begins within another or not at all', () => {
  for (const text of ['', '90', '9080', '908092', '90f01122', '90800c', '10']) assert.throws(() => new Vp8Depacketizer().depacketize(hex(text), []), DecodeError, text);
  for (const text of ['', '90', '9080', '908092', '90f01122']) assert.throws(() => decodeVp8Descriptor(hex(text)), DecodeError, text);
  assert.throws(() => depacketizeAll(new Vp8Depacketizer(), [hex('00aa')]), DecodeError);
  assert.throws(() => depacketizeAll(new Vp8Depacketizer(), [hex('1011'), hex('1011')]), DecodeError);
});

test('VP9: any descriptor comes back as it was (RFC 9628 4.2), and its end is found without reading it', () => {
  const layer = fc.record({ temporalId: fc.nat(7), spatialId: fc.nat(7), switchingPoint: fc.boolean(), interLayerPredicted: fc.boolean() });
  const picture = fc.record({ temporalId: fc.nat(7), switchingPoint: fc.boolean(), references: fc.array(fc.nat(255), { maxLength: 3 }) }, { noNullPrototype: true });
  const scalability = fc.integer({ min: 1, max: 8 }).chain((spatialLayers) =>
    fc.record(
      { spatialLayers: fc.constant(spatialLayers), sizes: fc.array(fc.record({ width: fc.nat(65_535), height: fc.nat(65_535) }, { noNullPrototype: true }), { minLength: spatialLayers, maxLength: spatialLayers }), group: fc.array(picture, { maxLength: 255 }) },
      { requiredKeys: ['spatialLayers'], noNullPrototype: true },
    ),
  );
  fc.assert(
    fc.property(fc.nat(0x7fff), fc.boolean(), fc.boolean(), fc.option(layer), fc.nat(255), fc.array(fc.integer({ min: 1, max: 127 }), { minLength: 1, maxLength: 3 }), fc.option(scalability), fc.nat(31), (id, long, flexible, layers, tl0PicIdx, references, structure, bits) => {
      const descriptor: Omit<Vp9Descriptor, 'length'> = {
        interPicturePredicted: (bits & 1) !== 0,
        flexible,
        startsFrame: (bits & 2) !== 0,
        endsFrame: (bits & 4) !== 0,
        notReferenceForUpperLayers: (bits & 8) !== 0,
        pictureId: long ? id : id & 0x7f,
        longPictureId: long,
        ...(layers === null ? {} : { ...layers, ...(flexible ? {} : { tl0PicIdx }) }),
        ...(flexible && (bits & 1) !== 0 ? { references } : {}),
        ...(structure === null ? {} : { scalability: structure }),
      };
      const bytes = encodeVp9Descriptor(descriptor);
      const { length, ...read } = decodeVp9Descriptor(concat(bytes, Uint8Array.of(0x82)));
      assert.deepEqual(read, descriptor);
      assert.equal(length, bytes.length);
      assert.equal(vp9PayloadOffset(concat(bytes, Uint8Array.of(0x82))), length);
    }),
    { numRuns: 200 },
  );
});

test('VP9: the quick way to the end of a descriptor agrees with the slow one on any bytes', () => {
  const next = seeded(9);
  let whole = 0;
  for (let i = 0; i < 30_000; i++) {
    const payload = Uint8Array.from({ length: 1 + Math.floor(next() * 20) }, () => Math.floor(next() * 256));
    let slow = -1;
    try {
      slow = decodeVp9Descriptor(payload).length;
      whole++;
    } catch (error) {
      assert.ok(error instanceof DecodeError);
    }
    const quick = vp9PayloadOffset(payload);
    // What ends with the payload has no bitstream, so it may be taken either way.
    if (slow !== payload.length && quick !== payload.length) assert.equal(quick, slow, Buffer.from(payload).toString('hex'));
    if (slow < 0) assert.ok(quick < 0 || quick === payload.length);
  }
  assert.ok(whole > 1000 && whole < 29_000, `${whole}`);
});

test('A-MED-01 VP9: a structure of 255 pictures that are not there, four references, a picture that refers to itself, missing ends', () => {
  for (const text of ['', '8a', '8a81', '8a01', '8a0108ff', '8a0108ff00', '8a01fb', 'd80103050700aa', 'd80100aa']) {
    assert.throws(() => decodeVp9Descriptor(hex(text)), DecodeError, text);
    assert.throws(() => new Vp9Depacketizer().depacketize(hex(text), []), DecodeError, text);
  }
  assert.throws(() => depacketizeAll(new Vp9Depacketizer(), [hex('8801aa')]), DecodeError, 'no end');
  assert.throws(() => depacketizeAll(new Vp9Depacketizer(), [hex('8401aa')]), DecodeError, 'no beginning');
  assert.throws(() => depacketizeAll(new Vp9Depacketizer(), [hex('8801aa'), hex('8c01aa')]), DecodeError, 'a beginning within');
});

test('VP9: two spatial layers make one picture; the structure goes with the keyframe, the marker with the last layer', () => {
  for (const flexible of [false, true]) {
    const scalability = { spatialLayers: 2, sizes: [{ width: 320, height: 180 }, { width: 640, height: 360 }] };
    const packetizer = new Vp9Packetizer({ flexible, scalability, maxPayloadBytes: 100, firstPictureId: 5 });
    const low = vp9Frame(150, true);
    const high = vp9Frame(250, false);
    const packets = [...packetizer.packetize(low, { spatialId: 0, temporalId: 0, endOfPicture: false }), ...packetizer.packetize(high, { spatialId: 1, temporalId: 0, references: [] })];
    assert.deepEqual(packets.map(({ marker }) => marker), packets.map((_, i) => i === packets.length - 1));
    assert.ok(packets.every(({ payload }) => payload.length <= 100));
    const descriptors = packets.map(({ payload }) => decodeVp9Descriptor(payload));
    assert.deepEqual(descriptors.map(({ scalability: structure }) => structure !== undefined), packets.map((_, i) => i === 0));
    assert.deepEqual(descriptors[0]?.scalability, scalability);
    assert.ok(descriptors.every(({ pictureId }) => pictureId === 5));
    assert.ok(descriptors.every(({ tl0PicIdx }) => tl0PicIdx === (flexible ? undefined : 1)));
    const depacketizer = new Vp9Depacketizer();
    assert.deepEqual(depacketizeAll(depacketizer, payloadsOf(packets)), concat(low, high));
    assert.deepEqual(packets.map(({ payload }) => depacketizer.isKeyframePayload(payload)), packets.map((_, i) => i === 0));
    assert.deepEqual(packets.map(({ payload }) => depacketizer.frameStart(payload)), packets.map((_, i) => (i === 0 ? 'certain' : 'never')));
    const next = packetizer.packetize(vp9Frame(20, false), { spatialId: 0, temporalId: 1, references: [1, 2] })[0] as PacketizedPayload;
    assert.deepEqual(decodeVp9Descriptor(next.payload).references, flexible ? [1, 2] : undefined);
    assert.equal(decodeVp9Descriptor(next.payload).pictureId, 6);
    assert.equal(decodeVp9Descriptor(next.payload).interPicturePredicted, true);
  }
  assert.throws(() => new Vp9Packetizer().packetize(vp9Frame(9, false), { references: [128] }), RtcError);
  assert.throws(() => new Vp9Packetizer().packetize(vp9Frame(9, false), { spatialId: 8 }), RtcError);
});

test('VP9: keyframes by profile (VP9 specification 6.2)', () => {
  const depacketizer = new Vp9Depacketizer();
  for (const [first, key] of [[0x80, true], [0xa0, true], [0x90, true], [0xb0, true], [0x84, false], [0x88, false], [0xb2, false], [0xb4, false], [0x40, false]] as const) {
    assert.equal(depacketizer.isKeyframe(concat(Uint8Array.of(first), plainBytes(5))), key, first.toString(16));
  }
});

/** A descriptor with a picture id of 15 bits, TL0PICIDX and a temporal layer, and a byte behind it. */
const numbered = (pictureId: number, tl0PicIdx: number, temporalId = 0): Uint8Array =>
  Uint8Array.of(0x90, 0xe0, 0x80 | (pictureId >>> 8), pictureId & 0xff, tl0PicIdx, temporalId << 6, 0x5a);

const numbersOf = (payload: Uint8Array): readonly (number | undefined)[] => {
  const { pictureId, tl0PicIdx } = decodeVp8Descriptor(payload);
  return [pictureId, tl0PicIdx];
};

test('VP8: the numbers of a stream whose source changes go on, wherever each source begins (RFC 7741 4.2)', () => {
  const source = fc.record({ pictureId: fc.nat(0x7fff), tl0: fc.nat(0xff), frames: fc.integer({ min: 1, max: 300 }) });
  fc.assert(
    fc.property(fc.array(source, { minLength: 2, maxLength: 5 }), (sources) => {
      const numbering = new Vp8Numbering();
      const sent: (readonly (number | undefined)[])[] = [];
      for (const { pictureId, tl0, frames } of sources) {
        numbering.beginSource();
        for (let i = 0; i < frames; i++) {
          const payload = numbered((pictureId + i) & 0x7fff, (tl0 + (i >>> 1)) & 0xff, i & 1);
          numbering.renumber(payload, 0);
          assert.deepEqual(payload.subarray(5), Uint8Array.of((i & 1) << 6, 0x5a));
          sent.push(numbersOf(payload));
        }
      }
      const [first] = sources;
      assert.deepEqual(sent.map(([id]) => id), sent.map((_, i) => ((first?.pictureId ?? 0) + i) & 0x7fff));
      let expected = (first?.tl0 ?? 0) - 1;
      const indexes = sources.flatMap(({ frames }) => Array.from({ length: frames }, (_, i) => (i % 2 === 0 ? ++expected : expected) & 0xff));
      assert.deepEqual(sent.map(([, tl0]) => tl0), indexes);
    }),
    { numRuns: 100 },
  );
});

test('VP8: the numbers of the first source are its own; late packets keep their distance and set nothing back (RFC 7741 4.2)', () => {
  const numbering = new Vp8Numbering();
  const late = (pictureId: number, tl0: number): readonly (number | undefined)[] => {
    const payload = numbered(pictureId, tl0);
    numbering.renumber(payload, 0);
    return numbersOf(payload);
  };
  numbering.beginSource();
  assert.deepEqual([late(0x7fff, 255), late(1, 1), late(0, 0)], [[0x7fff, 255], [1, 1], [0, 0]]);
  assert.equal(numbering.isPlain, true);
  numbering.beginSource();
  assert.equal(numbering.isPlain, false);
  assert.deepEqual([late(500, 90), late(502, 92), late(501, 91)], [[2, 2], [4, 4], [3, 3]]);
  numbering.beginSource();
  assert.deepEqual(late(7, 7), [5, 5]);
});

test('VP8: short picture ids stay short, and what has no numbers or a broken descriptor stays as it is (RFC 7741 4.2)', () => {
  const numbering = new Vp8Numbering();
  const moved = (text: string): string => {
    const payload = hex(text);
    numbering.renumber(payload, 0);
    return Buffer.from(payload).toString('hex');
  };
  assert.equal(moved('90807e5a'), '90807e5a');
  numbering.beginSource();
  assert.deepEqual(['9080105a', '9080115a', '105a', '9000', '90'].map(moved), ['90807f5a', '9080005a', '105a', '9000', '90']);
  assert.deepEqual(['90c081', '90c001'].map(moved), ['90c081', '90c070']); // too short for the rest of what it claims
});
