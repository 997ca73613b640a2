import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, DecodeError } from '../../src/core/index.ts';
import {
  createDepacketizer,
  createPacketizer,
  decodeComfortNoise,
  decodeLeb128,
  decodeRed,
  decodeTelephoneEvents,
  decodeVp8Descriptor,
  decodeVp9Descriptor,
  encodeRed,
  type MediaPacket,
  SampleBuilder,
  splitObus,
  telephoneEventPackets,
} from '../../src/codec/index.ts';
import { annexB, av1Unit, h264Nal, h265Nal, obu, payloadsOf, plainBytes, vp8Frame, vp9Frame } from '../support/codec.ts';
import { fuzzDecoder, mutations, seeded } from '../support/fuzz.ts';

const FRAMES: Readonly<Record<string, readonly Uint8Array[]>> = {
  H264: [annexB(h264Nal(7, 12), h264Nal(8, 5), h264Nal(5, 200)), annexB(h264Nal(1, 30))],
  H265: [annexB(h265Nal(32, 12), h265Nal(33, 12), h265Nal(34, 5), h265Nal(19, 200)), annexB(h265Nal(1, 30))],
  VP8: [vp8Frame(150, true), vp8Frame(20, false)],
  VP9: [vp9Frame(150, true), vp9Frame(20, false)],
  AV1: [av1Unit(150, true), concat(av1Unit(20, false), obu(5, plainBytes(9)))],
  opus: [Uint8Array.of(0x78, ...plainBytes(30)), Uint8Array.of(0x7b, 3, ...plainBytes(30))],
};

/** Payloads of a codec, of every kind that its packetizer makes. */
function samplePayloads(codec: string): Uint8Array[] {
  const layered = { spatialId: 1, temporalId: 1, switchingPoint: true };
  const config = { maxPayloadBytes: 90, scalability: { spatialLayers: 2, sizes: [{ width: 320, height: 180 }, { width: 640, height: 360 }], group: [{ temporalId: 0, switchingPoint: true, references: [1, 2] }] } };
  const plain = createPacketizer(codec, config);
  const other = createPacketizer(codec, { ...config, flexible: true, donl: true });
  const paci = codec === 'H265' ? [Uint8Array.of(0x64, 1, 0x26, 0x38, 1, 2, 3, 0x81, 2)] : [];
  return [...(FRAMES[codec] ?? []).flatMap((frame) => [...payloadsOf(plain.packetize(frame)), ...payloadsOf(other.packetize(frame, layered))]), ...paci];
}

for (const codec of Object.keys(FRAMES)) {
  test(`the ${codec} depacketizer survives prefixes, bit flips and 100,000 mutations, with DecodeErrors only and at most 64 bytes more than came`, () => {
    const plain = createDepacketizer(codec);
    const other = createDepacketizer(codec, { donl: true });
    const both = codec === 'H265' ? [plain, other] : [plain];
    let decoded = 0;
    const seen = fuzzDecoder(
      (bytes) => {
        // These never throw, whatever the state.
        for (const one of both) {
          one.frameStart(bytes);
          one.isKeyframePayload(bytes);
          one.isKeyframe(bytes);
        }
        if (decoded % 2 === 0) other.reset();
        for (const one of both) {
          const pieces: Uint8Array[] = [];
          try {
            one.depacketize(bytes, pieces);
          } catch (error) {
            one.reset();
            throw error;
          }
          decoded++;
          const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
          // An AV1 OBU comes out with its last fragment, so only whole ones can be compared.
          if (codec !== 'AV1' || (bytes[0] as number) < 0x40) assert.ok(length <= bytes.length + 64);
        }
      },
      samplePayloads(codec),
      100_000,
      6184,
    );
    assert.ok(seen > 100_000);
    assert.ok(decoded > 5000, `${decoded} decoded`);
  });

  test(`a SampleBuilder of ${codec} survives mutated payloads in mutated order`, () => {
    const next = seeded(7);
    const builder = new SampleBuilder(createDepacketizer(codec), { maxHoldMs: 20 });
    let sequenceNumber = 65_000;
    let now = 0;
    for (const payload of mutations(samplePayloads(codec), 5000, 7798)) {
      now += next() * 2;
      sequenceNumber = (sequenceNumber + (next() < 0.9 ? 1 : Math.floor(next() * 10) - 4)) & 0xffff;
      const packet: MediaPacket = { sequenceNumber, timestamp: Math.floor(now / 8), marker: next() < 0.3, payload };
      builder.handleRead(packet, now);
      builder.pollRead();
      builder.pollEvent();
    }
    const { framesAssembled, framesDropped, packetsHeld } = builder.stats();
    assert.ok(framesAssembled > 0 && framesDropped > 0, `${framesAssembled} and ${framesDropped}`);
    assert.ok(packetsHeld < 100);
  });
}

test('the small decoders survive prefixes, bit flips and 100,000 mutations', () => {
  const payloads = [
    encodeRed([{ payloadType: 111, timestampOffset: 960, data: plainBytes(20) }, { payloadType: 111, timestampOffset: 0, data: plainBytes(20) }]),
    ...telephoneEventPackets(5, { durationMs: 100 }).map(({ payload }) => payload),
    Uint8Array.of(40, 100, 127, 200),
    av1Unit(30, true),
    ...samplePayloads('VP8'),
    ...samplePayloads('VP9'),
  ];
  const decoders = [(bytes: Uint8Array) => decodeRed(bytes, 63), decodeTelephoneEvents, decodeComfortNoise, (bytes: Uint8Array) => decodeLeb128(bytes), splitObus, decodeVp8Descriptor, decodeVp9Descriptor];
  let decoded = 0;
  const all = (bytes: Uint8Array): void => {
    for (const decode of decoders) {
      try {
        decode(bytes);
        decoded++;
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
  };
  assert.ok(fuzzDecoder(all, payloads, 100_000, 2198) > 100_000);
  assert.ok(decoded > 10_000);
});
