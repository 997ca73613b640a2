import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError, ntpFromUnixMs, RtcError, toHex } from '../../../src/core/index.ts';
import {
  absoluteSendTime,
  absoluteSendTimeExtension,
  audioLevelExtension,
  colorSpaceExtension,
  decodeRtp,
  encodeExtension,
  encodeRtp,
  extensionElement,
  type ExtensionCodec,
  midExtension,
  mixerToClientAudioLevelExtension,
  msFromAbsoluteSendTime,
  playoutDelayExtension,
  readExtension,
  rewriteExtension,
  ridExtension,
  transmissionOffsetExtension,
  transportSequenceExtension,
  type VideoLayersAllocation,
  videoLayersAllocationExtension,
  videoOrientationExtension,
  videoTimingExtension,
} from '../../../src/rtp/index.ts';
import { prefixes, survives } from '../../support/fuzz.ts';
import { BASE, PAYLOAD, SAMPLES } from '../../support/rtp.ts';
import { hex } from '../../support/vectors.ts';

for (const { name, codec, value, hex: wire } of SAMPLES) {
  test(`${name}: wire form, and back from anywhere in a packet`, () => {
    assert.equal(toHex(encodeExtension(codec, value)), wire);
    assert.equal(codec.sizeOf(value), wire.length / 2);
    const bytes = encodeRtp({ ...BASE, extensions: [{ id: 1, value: hex('00ff') }, extensionElement(codec, 9, value)], payload: PAYLOAD });
    const header = decodeRtp(bytes);
    assert.deepEqual(readExtension(codec, bytes, header, 9), value);
    assert.equal(readExtension(codec, bytes, header, 8), undefined);
    assert.equal(readExtension(codec, bytes, header, 0), undefined);
    assert.ok(rewriteExtension(codec, value, bytes, header, 9));
    assert.deepEqual(readExtension(codec, bytes, header, 9), value);
  });
}

test('A-JS-01 values cut short are decoded or refused with our own error', () => {
  for (const { codec, hex: wire } of SAMPLES) for (const part of prefixes(hex(wire))) survives((bytes) => codec.decode(bytes, 0, bytes.length), part);
  for (const { codec } of SAMPLES) {
    if (codec.uri === 'urn:example:own' || codec === mixerToClientAudioLevelExtension) continue;
    assert.throws(() => codec.decode(new Uint8Array(0), 0, 0), DecodeError, codec.uri);
  }
});

test('a value of another size is not rewritten in place, one that is not there neither', () => {
  const bytes = encodeRtp({ ...BASE, extensions: [extensionElement(transportSequenceExtension, 2, 7)], payload: PAYLOAD });
  const header = decodeRtp(bytes);
  assert.ok(!rewriteExtension(absoluteSendTimeExtension, 7, bytes, header, 2));
  assert.ok(!rewriteExtension(transportSequenceExtension, 8, bytes, header, 3));
  assert.ok(!rewriteExtension(transportSequenceExtension, 8, bytes, header, 0));
  assert.equal(readExtension(transportSequenceExtension, bytes, header, 2), 7);
  assert.ok(rewriteExtension(transportSequenceExtension, 0xffff, bytes, header, 2));
  assert.equal(readExtension(transportSequenceExtension, bytes, header, 2), 0xffff);
});

test('identification tags: characters of a token (RFC 8866 9) or of a stream id (RFC 8852 4), in 1 to 255 bytes', () => {
  const decodes = <T>(codec: ExtensionCodec<T>, text: string): boolean => survives((bytes) => codec.decode(bytes, 0, bytes.length), new Uint8Array(Buffer.from(text))) === 'decoded';
  assert.ok(decodes(midExtension, '0') && decodes(midExtension, 'a+b.c') && decodes(ridExtension, 'a-B_9'));
  for (const text of ['', 'a b', 'ä', 'a\0', 'a;b', '\u007f']) assert.ok(!decodes(midExtension, text), text);
  for (const text of ['', 'a.b', 'a b', 'ä', '~']) assert.ok(!decodes(ridExtension, text), text);
  assert.throws(() => midExtension.decode(hex('ff'), 0, 1), DecodeError);
  assert.equal(encodeExtension(ridExtension, 'x'.repeat(255)).length, 255);
  for (const text of ['', 'a b', 'x'.repeat(256)]) assert.throws(() => encodeExtension(ridExtension, text), RtcError);
});

test('A-JS-07 signed and unsigned fields keep their value at the ends of their ranges', () => {
  const back = <T>(codec: ExtensionCodec<T>, value: T): T => {
    const bytes = encodeExtension(codec, value);
    return codec.decode(bytes, 0, bytes.length);
  };
  for (const offset of [-0x80_0000, -1, 0, 1, 0x7f_ffff]) assert.equal(back(transmissionOffsetExtension, offset), offset);
  for (const sequence of [0, 0x7fff, 0x8000, 0xffff]) assert.equal(back(transportSequenceExtension, sequence), sequence);
  for (const time of [0, 0x7f_ffff, 0x80_0000, 0xff_ffff]) assert.equal(back(absoluteSendTimeExtension, time), time);
  assert.throws(() => encodeExtension(transmissionOffsetExtension, 0x80_0000), RtcError);
});

test('values out of range are the caller\'s error', () => {
  const refused: (() => unknown)[] = [
    () => encodeExtension(audioLevelExtension, { level: 128, voice: false }),
    () => encodeExtension(audioLevelExtension, { level: 1.5, voice: false }),
    () => encodeExtension(mixerToClientAudioLevelExtension, new Array(16).fill(0)),
    () => encodeExtension(playoutDelayExtension, { minMs: 20, maxMs: 10 }),
    () => encodeExtension(playoutDelayExtension, { minMs: 0, maxMs: 40_960 }),
    () => encodeExtension(videoOrientationExtension, { camera: 'front', flip: false, rotation: 45 as 90 }),
    () => encodeExtension(videoTimingExtension, { flags: 0, encodeStartMs: 65_536, encodeFinishMs: 0, packetizedMs: 0, pacerExitMs: 0, network1Ms: 0, network2Ms: 0 }),
    () => encodeExtension(colorSpaceExtension, { primaries: 256, transfer: 0, matrix: 0, range: 0, chromaSitingHorizontal: 0, chromaSitingVertical: 0 }),
  ];
  for (const attempt of refused) assert.throws(attempt, { name: 'RtcError', code: 'ERR_INVALID_ARGUMENT' });
  assert.throws(() => playoutDelayExtension.decode(hex('002001'), 0, 3), DecodeError);
  assert.throws(() => mixerToClientAudioLevelExtension.decode(new Uint8Array(16), 0, 16), DecodeError);
  assert.equal(mixerToClientAudioLevelExtension.decode(new Uint8Array(15), 0, 15).length, 15);
});

test('timing of older senders has no flags', () => {
  const value = hex('000100020003ffff00000000');
  assert.deepEqual(videoTimingExtension.decode(value, 0, 12), { flags: 0, encodeStartMs: 1, encodeFinishMs: 2, packetizedMs: 3, pacerExitMs: 65_535, network1Ms: 0, network2Ms: 0 });
});

test('layers allocations that lie are refused, and those that have no form are the caller\'s error', () => {
  const decode = (text: string): VideoLayersAllocation => videoLayersAllocationExtension.decode(hex(text), 0, text.length / 2);
  assert.throws(() => decode('410032'), DecodeError, 'stream 1 of 1');
  assert.throws(() => decode('70'), DecodeError, 'no masks');
  assert.throws(() => decode('01'), DecodeError, 'no counts');
  assert.throws(() => decode('0100'), DecodeError, 'no bitrate');
  assert.throws(() => decode('0100' + 'ff'), DecodeError, 'bitrate without an end');
  assert.throws(() => decode('0100' + 'ffffffffff01'), DecodeError, 'bitrate of six bytes');
  assert.throws(() => decode('0100' + 'ffffffff7f'), DecodeError, 'bitrate above 32 bits');
  assert.deepEqual(decode('0100' + 'ffffffff0f').streams, [[{ spatialId: 0, bitratesKbps: [0xffff_ffff] }]]);
  assert.deepEqual(decode('0100' + '32' + '00010001').streams, [[{ spatialId: 0, bitratesKbps: [50] }]], 'four bytes are no resolution');

  const layer = { spatialId: 0, bitratesKbps: [1] };
  const wrong: VideoLayersAllocation[] = [
    { streamIndex: 1, streams: [[layer]] },
    { streamIndex: 0, streams: new Array(5).fill([layer]) },
    { streamIndex: 0, streams: [[{ ...layer, spatialId: 4 }]] },
    { streamIndex: 0, streams: [[{ ...layer, spatialId: 1 }, layer]] },
    { streamIndex: 0, streams: [[{ ...layer, bitratesKbps: [] }]] },
    { streamIndex: 0, streams: [[{ ...layer, bitratesKbps: [1, 2, 3, 4, 5] }]] },
    { streamIndex: 0, streams: [[{ ...layer, bitratesKbps: [2 ** 32] }]] },
    { streamIndex: 0, streams: [[{ ...layer, resolution: { width: 0, height: 1, framesPerSecond: 1 } }]] },
    { streamIndex: 0, streams: [[layer, { ...layer, spatialId: 1, resolution: { width: 1, height: 1, framesPerSecond: 1 } }]] },
    { streamIndex: 0, streams: new Array(4).fill([0, 1, 2, 3].map((spatialId) => ({ spatialId, bitratesKbps: new Array(4).fill(2 ** 31) }))) },
  ];
  for (const value of wrong) assert.throws(() => encodeExtension(videoLayersAllocationExtension, value), { code: 'ERR_INVALID_ARGUMENT' }, JSON.stringify(value).slice(0, 80));
  const full: VideoLayersAllocation = { streamIndex: 3, streams: new Array(4).fill([0, 1, 2, 3].map((spatialId) => ({ spatialId, bitratesKbps: [1, 2, 3, 127] }))) };
  const bytes = encodeExtension(videoLayersAllocationExtension, full);
  assert.equal(bytes.length, 1 + 4 + 64);
  assert.deepEqual(videoLayersAllocationExtension.decode(bytes, 0, bytes.length), full);
});

test('an absolute send time is 2⁻¹⁸ s, wraps after 64 s, and is the NTP time shifted', () => {
  assert.equal(absoluteSendTime(0), 0);
  assert.equal(absoluteSendTime(1000), 2 ** 18);
  assert.equal(absoluteSendTime(64_000), 0);
  assert.equal(absoluteSendTime(-1000), 63 * 2 ** 18);
  assert.equal(absoluteSendTime(63_999.9999), 0xff_ffff);
  assert.equal(msFromAbsoluteSendTime(2 ** 18), 1000);
  const unixMs = 1_763_809_471_250;
  const { seconds, fraction } = ntpFromUnixMs(unixMs);
  const shifted = Number((((BigInt(seconds) << 32n) | BigInt(fraction)) >> 14n) & 0xff_ffffn);
  // 1970 begins 2,208,988,800 s after 1900, which is a multiple of 64.
  assert.equal(absoluteSendTime(unixMs), shifted);
});
