import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from '../../src/core/index.ts';
import { decodeDependencyDescriptor, decodeRtp, encodeDependencyDescriptor, encodeExtension, encodeRtp, extensionElements, remapExtensions, RtpHeader, RtpPacket } from '../../src/rtp/index.ts';
import { fuzzDecoder } from '../support/fuzz.ts';
import { DEPENDENCY_SAMPLES, SAMPLES, samplePackets } from '../support/rtp.ts';
import { hex } from '../support/vectors.ts';

test('the RTP decoder survives prefixes, bit flips and 100,000 mutations, and what it decodes can be built again', () => {
  let decoded = 0;
  const header = new RtpHeader();
  const reversed = Uint8Array.from({ length: 256 }, (_, id) => 15 - (id & 15));
  const decodeAll = (bytes: Uint8Array): void => {
    const packet = new RtpPacket(bytes, decodeRtp(bytes, header));
    const { marker, payloadType, sequenceNumber, timestamp, ssrc } = header;
    const extensions = extensionElements(bytes, header);
    const { csrcs, payload, paddingBytes } = packet;
    const again = RtpPacket.decode(encodeRtp({ marker, payloadType, sequenceNumber, timestamp, ssrc, csrcs, extensions, payload, paddingBytes }));
    if (decoded++ % 10 !== 0) return;
    assert.deepEqual(extensionElements(again.bytes, again.header), extensions);
    assert.deepEqual([again.csrcs, again.payload, again.paddingBytes], [csrcs, payload, paddingBytes]);
    remapExtensions(bytes, header, reversed);
    decodeRtp(bytes, header);
  };
  const seen = fuzzDecoder(decodeAll, samplePackets(), 100_000, 8285);
  assert.ok(seen > 100_000);
  assert.ok(decoded > 10_000, `${decoded} decoded`);
});

test('every extension decoder survives 100,000 mutations in all, and what it decodes can be written again', () => {
  let decoded = 0;
  for (const [i, { codec }] of SAMPLES.entries()) {
    const decode = (bytes: Uint8Array): void => {
      const value = codec.decode(bytes, 0, bytes.length);
      const again = encodeExtension(codec, value);
      if (decoded++ % 10 === 0) assert.deepEqual(codec.decode(again, 0, again.length), value);
    };
    fuzzDecoder(decode, SAMPLES.map((sample) => hex(sample.hex)), Math.ceil(100_000 / SAMPLES.length), i);
  }
  assert.ok(decoded > 10_000, `${decoded} decoded`);
});

test('the decoder of dependency descriptors survives 100,000 mutations, and what it decodes can be written again', () => {
  let decoded = 0;
  const key = DEPENDENCY_SAMPLES[0] as Uint8Array;
  const { structure } = decodeDependencyDescriptor(key, 0, key.length);
  assert.ok(structure);
  const decode = (bytes: Uint8Array): void => {
    // An element holds no more.
    if (bytes.length > 255) throw new DecodeError('test', 'longer than an element');
    const descriptor = decodeDependencyDescriptor(bytes, 0, bytes.length, structure);
    const known = descriptor.structure ?? structure;
    if (decoded++ % 10 !== 0) return;
    const again = encodeDependencyDescriptor({ ...descriptor, attachStructure: descriptor.structure !== undefined }, known);
    assert.deepEqual(decodeDependencyDescriptor(again, 0, again.length, structure).frame, descriptor.frame);
  };
  assert.ok(fuzzDecoder(decode, DEPENDENCY_SAMPLES, 100_000, 9) > 100_000);
  assert.ok(decoded > 10_000, `${decoded} decoded`);
});
