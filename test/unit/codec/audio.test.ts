import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError, RtcError } from '../../../src/core/index.ts';
import {
  createDepacketizer,
  createPacketizer,
  decodeComfortNoise,
  decodeOpusToc,
  decodePcma,
  decodePcmu,
  decodeRed,
  decodeTelephoneEvents,
  dtmfEvent,
  encodeComfortNoise,
  encodePcma,
  encodePcmu,
  encodeRed,
  encodeTelephoneEvent,
  hasPayloadFormat,
  opusDuration,
  telephoneEventPackets,
} from '../../../src/codec/index.ts';
import { depacketizeAll, payloadsOf, plainBytes } from '../../support/codec.ts';
import { hex } from '../../support/vectors.ts';

test('Opus: a packet is a payload; the marker begins a talkspurt (RFC 7587 4)', () => {
  const packetizer = createPacketizer('opus');
  const packet = Uint8Array.of(0x78, ...plainBytes(80));
  const [first] = packetizer.packetize(packet, { startsTalkspurt: true });
  assert.deepEqual(first, { payload: packet, marker: true, timestampOffset: 0 });
  assert.equal(packetizer.packetize(packet)[0]?.marker, false);
  assert.deepEqual(depacketizeAll(createDepacketizer('OPUS'), [packet]), packet);
  assert.throws(() => packetizer.packetize(new Uint8Array(1149)), (error) => error instanceof RtcError && error.code === 'ERR_MESSAGE_TOO_LARGE');
});

test('Opus: mode, bandwidth, frames and duration from the head (RFC 6716 3.1)', () => {
  assert.deepEqual(decodeOpusToc(hex('7c00')), { mode: 'hybrid', bandwidth: 'full', stereo: true, frames: 1, frameDurationUs: 20_000 });
  assert.deepEqual(decodeOpusToc(hex('0900aa')), { mode: 'silk', bandwidth: 'narrow', stereo: false, frames: 2, frameDurationUs: 20_000 });
  assert.deepEqual(decodeOpusToc(hex('e303aabbcc')), { mode: 'celt', bandwidth: 'full', stereo: false, frames: 3, frameDurationUs: 2500 });
  assert.deepEqual(['80', '88', '90', '98', '00', '18', '60', '68'].map((toc) => opusDuration(hex(toc))), [120, 240, 480, 960, 480, 2880, 480, 960]);
  assert.equal(opusDuration(hex('fb06aa')), 5760);
});

test('A-MED-01 Opus packets that cannot be are refused', () => {
  for (const text of ['', '03', '0300', '1b03', '09aa', 'fb07aa']) assert.throws(() => decodeOpusToc(hex(text)), DecodeError, text);
  assert.throws(() => decodeOpusToc(new Uint8Array(1277)), DecodeError);
  assert.throws(() => createDepacketizer('opus').depacketize(hex('0300'), []), DecodeError);
});

for (const codec of ['PCMU', 'PCMA', 'G722'] as const) {
  test(`${codec}: long frames are cut at 20 ms, each part with its timestamp (RFC 3551 4.5)`, () => {
    const samples = plainBytes(401);
    const packets = createPacketizer(codec).packetize(samples, { startsTalkspurt: true });
    assert.deepEqual(packets.map(({ payload, marker, timestampOffset }) => [payload.length, marker, timestampOffset]), [[160, true, 0], [160, false, 160], [81, false, 320]]);
    assert.deepEqual(depacketizeAll(createDepacketizer(codec), payloadsOf(packets)), samples);
    assert.throws(() => createDepacketizer(codec).depacketize(new Uint8Array(0), []), DecodeError);
    assert.equal(createPacketizer(codec, { packetDurationMs: 60 }).packetize(samples).length, 1);
  });
}

test('G.711: every octet comes back from its sample; known values (ITU-T G.711)', () => {
  const octets = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.deepEqual(encodePcma(decodePcma(octets)), octets);
  const ulaw = encodePcmu(decodePcmu(octets));
  assert.deepEqual([...ulaw].filter((octet, i) => octet !== i), [0xff]); // 0x7f is the negative zero
  assert.deepEqual([...decodePcmu(hex('00807fff'))], [-32_124, 32_124, 0, 0].map((value) => value + 0));
  assert.deepEqual([...decodePcma(hex('2aaad555'))], [-32_256, 32_256, 8, -8]);
  assert.deepEqual([...encodePcmu(Int16Array.of(-32_768, 32_767, 0))], [0x00, 0x80, 0xff]);
  assert.deepEqual([...encodePcma(Int16Array.of(-32_768, 32_767, 0))], [0x2a, 0xaa, 0xd5]);
});

test('telephone events: written, read, several in a row; odd sizes refused (RFC 4733 2.3)', () => {
  const payload = encodeTelephoneEvent({ event: 11, end: true, volume: 10, duration: 1600 });
  assert.deepEqual(payload, hex('0b8a0640'));
  assert.deepEqual(decodeTelephoneEvents(hex('0b8a0640' + '010a00a0')), [
    { event: 11, end: true, volume: 10, duration: 1600 },
    { event: 1, end: false, volume: 10, duration: 160 },
  ]);
  for (const text of ['', '0b8a06', '0b8a064000']) assert.throws(() => decodeTelephoneEvents(hex(text)), DecodeError);
  assert.throws(() => encodeTelephoneEvent({ event: 256, end: false, volume: 0, duration: 0 }), RtcError);
  assert.deepEqual(['0', '9', '*', '#', 'A', 'd', 'E', '', '12'].map(dtmfEvent), [0, 9, 10, 11, 12, 15, undefined, undefined, undefined]);
});

test('telephone events: a tone has one marker, growing durations and three ends (RFC 4733 2.5.1)', () => {
  const packets = telephoneEventPackets(5, { durationMs: 120 });
  const read = packets.map(({ payload, marker, atMs, timestampOffset }) => ({ ...decodeTelephoneEvents(payload)[0], marker, atMs, timestampOffset }));
  assert.deepEqual(read.map(({ duration, end, marker, atMs }) => [duration, end, marker, atMs]), [[400, false, true, 50], [800, false, false, 100], [960, true, false, 120], [960, true, false, 120], [960, true, false, 120]]);
  // 10 s at 8 kHz do not fit one duration: the rest is a segment of its own (2.5.1.3).
  const long = telephoneEventPackets(5, { durationMs: 10_000, intervalMs: 5000 });
  assert.deepEqual(long.map(({ payload, timestampOffset }) => [decodeTelephoneEvents(payload)[0]?.duration, timestampOffset]), [[40_000, 0], [65_535, 0], [14_465, 65_535], [14_465, 65_535], [14_465, 65_535]]);
  assert.equal(long.filter(({ marker }) => marker).length, 1);
  assert.throws(() => telephoneEventPackets(5, { durationMs: 0 }), RtcError);
});

test('comfort noise: level and reflection coefficients (RFC 3389 3)', () => {
  const noise = decodeComfortNoise(hex('28' + '7f' + 'fe' + '00'));
  assert.equal(noise.level, 40);
  assert.deepEqual(noise.reflection.map((k) => Math.round(k * 1000)), [0, 1000, -1000]);
  assert.deepEqual(encodeComfortNoise(noise), hex('287ffe00'));
  assert.deepEqual(decodeComfortNoise(hex('00')), { level: 0, reflection: [] });
  assert.equal(decodeComfortNoise(new Uint8Array(1000)).reflection.length, 32);
  for (const text of ['', '80', '28ff']) assert.throws(() => decodeComfortNoise(hex(text)), DecodeError);
  assert.throws(() => encodeComfortNoise({ level: 128, reflection: [] }), RtcError);
});

test('RED: blocks come back, the primary last (RFC 2198 3)', () => {
  const blocks = [
    { payloadType: 111, timestampOffset: 16_383, data: plainBytes(1023) },
    { payloadType: 111, timestampOffset: 960, data: plainBytes(0) },
    { payloadType: 111, timestampOffset: 0, data: plainBytes(90) },
  ];
  assert.deepEqual(decodeRed(encodeRed(blocks), 63), blocks);
  assert.deepEqual(decodeRed(hex('6faabb')), [{ payloadType: 111, timestampOffset: 0, data: hex('aabb') }]);
  assert.throws(() => encodeRed([{ payloadType: 111, timestampOffset: 0, data: plainBytes(1024) }, blocks[2] as never]), RtcError);
  assert.throws(() => encodeRed([]), RtcError);
});

test('A-MED-04 RED: a block past the end, 32 blocks and no more, RED within RED, no primary block', () => {
  assert.throws(() => decodeRed(hex('ef0003ff6faabb')), DecodeError);
  for (const text of ['', 'ef', 'ef0000', 'ef000000', 'ef000001' + '6f']) assert.throws(() => decodeRed(hex(text)), DecodeError, text);
  const many = (count: number): Uint8Array => hex('ef000000'.repeat(count - 1) + '6f');
  assert.equal(decodeRed(many(32)).length, 32);
  assert.throws(() => decodeRed(many(33)), DecodeError);
  assert.throws(() => decodeRed(many(100)), DecodeError);
  assert.throws(() => decodeRed(hex('bf0000016faabb'), 63), DecodeError);
  assert.throws(() => decodeRed(hex('3faabb'), 63), DecodeError);
});

test('formats are found by encoding name in any case; others are ERR_NOT_SUPPORTED', () => {
  for (const name of ['VP8', 'vp9', 'H264', 'h265', 'AV1', 'opus', 'PCMU', 'pcma', 'G722']) assert.ok(hasPayloadFormat(name));
  assert.equal(hasPayloadFormat('rtx'), false);
  assert.throws(() => createPacketizer('rtx'), (error) => error instanceof RtcError && error.code === 'ERR_NOT_SUPPORTED');
  assert.throws(() => createDepacketizer('__proto__'), RtcError);
});
