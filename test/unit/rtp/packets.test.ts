import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RtcError, toHex } from '../../../src/core/index.ts';
import {
  csrcAt,
  decodeRtp,
  encodeRtp,
  extensionElements,
  isRtp,
  peekMarker,
  peekPayloadType,
  peekSequenceNumber,
  peekSsrc,
  peekTimestamp,
  readHeader,
  readPadding,
  rewriteRtp,
  RtpHeader,
  RtpPacket,
  setMarker,
  setPayloadType,
  setSequenceNumber,
  setSsrc,
  setTimestamp,
} from '../../../src/rtp/index.ts';
import { BASE, PAYLOAD } from '../../support/rtp.ts';
import { hex } from '../../support/vectors.ts';

test('a packet is laid out as RFC 3550 5.1 draws it', () => {
  const bytes = encodeRtp({ payloadType: 0x60, marker: true, sequenceNumber: 0x1234, timestamp: 0x56789abc, ssrc: 0xdef01234, csrcs: [0x11223344], extensions: [{ id: 5, value: hex('aabb') }], payload: hex('0102'), paddingBytes: 3 });
  assert.equal(toHex(bytes), 'b1e01234' + '56789abc' + 'def01234' + '11223344' + 'bede0001' + '51aabb00' + '0102' + '000003');
});

test('what is encoded is decoded as it was, by one header object for all packets', () => {
  const u32 = fc.oneof(fc.constantFrom(0, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff), fc.integer({ min: 0, max: 0xffff_ffff }));
  const element = (maxId: number, maxSize: number): fc.Arbitrary<{ id: number; value: Uint8Array }> =>
    fc.record({ id: fc.integer({ min: 1, max: maxId }), value: fc.uint8Array({ minLength: 1, maxLength: maxSize }) }, { noNullPrototype: true });
  const packet = fc.record({
    payloadType: fc.integer({ min: 0, max: 127 }),
    marker: fc.boolean(),
    sequenceNumber: fc.integer({ min: 0, max: 0xffff }),
    timestamp: u32,
    ssrc: u32,
    csrcs: fc.array(u32, { maxLength: 15 }),
    extensions: fc.oneof(fc.array(element(14, 16), { maxLength: 14 }), fc.array(element(255, 60), { maxLength: 20 })),
    payload: fc.uint8Array({ maxLength: 40 }),
    paddingBytes: fc.integer({ min: 0, max: 255 }),
  });
  const header = new RtpHeader();
  fc.assert(
    fc.property(packet, fc.nat(40), fc.nat(40), (init, headroomBytes, tailroomBytes) => {
      const bytes = encodeRtp(init, { headroomBytes, tailroomBytes });
      assert.equal(bytes.byteOffset, headroomBytes);
      assert.equal(bytes.buffer.byteLength, headroomBytes + bytes.length + tailroomBytes);
      assert.equal(decodeRtp(bytes, header), header);
      assert.ok(isRtp(bytes) || init.marker);
      const { payloadType, marker, sequenceNumber, timestamp, ssrc } = header;
      const decoded = new RtpPacket(bytes, header);
      assert.deepEqual(
        { payloadType, marker, sequenceNumber, timestamp, ssrc, csrcs: decoded.csrcs, extensions: extensionElements(bytes, header), payload: decoded.payload, paddingBytes: decoded.paddingBytes },
        { ...init },
      );
      assert.deepEqual([peekPayloadType(bytes), peekMarker(bytes), peekSequenceNumber(bytes), peekTimestamp(bytes), peekSsrc(bytes)], [payloadType, marker, sequenceNumber, timestamp, ssrc]);
    }),
    { numRuns: 500, seed: 3550 },
  );
});

test('fields are rewritten in place and nothing else changes', () => {
  const bytes = encodeRtp({ ...BASE, marker: true, csrcs: [5], extensions: [{ id: 1, value: hex('01') }], payload: PAYLOAD });
  const before = bytes.slice();
  setMarker(bytes, false);
  setPayloadType(bytes, 127);
  setSequenceNumber(bytes, 0x8000);
  setTimestamp(bytes, 0xffff_ffff);
  setSsrc(bytes, 0x8000_0001);
  const { header, payload, csrcs } = RtpPacket.decode(bytes);
  assert.deepEqual([header.marker, header.payloadType, header.sequenceNumber, header.timestamp, header.ssrc], [false, 127, 0x8000, 0xffff_ffff, 0x8000_0001]);
  assert.deepEqual(bytes.subarray(12), before.subarray(12));
  assert.equal(bytes[0], before[0]);
  assert.deepEqual(payload, PAYLOAD);
  assert.deepEqual(csrcs, [5]);
  assert.equal(csrcAt(bytes, 0), 5);
  setMarker(bytes, true);
  assert.equal(peekPayloadType(bytes), 127);
});

test('the header can be read before decryption, the padding after it', () => {
  const bytes = encodeRtp({ ...BASE, payload: PAYLOAD, paddingBytes: 4 });
  const last = bytes.length - 1;
  bytes[last] = 0; // as ciphertext may be
  const header = new RtpHeader();
  assert.ok(readHeader(bytes, header));
  assert.ok(header.hasPadding);
  assert.equal(header.payloadEnd, bytes.length);
  assert.ok(!readPadding(bytes, header));
  bytes[last] = 4;
  assert.ok(readPadding(bytes, header));
  assert.equal(header.payloadEnd, bytes.length - 4);
  assert.ok(readPadding(bytes, header), 'twice makes no difference');
  assert.equal(header.payloadEnd, bytes.length - 4);
});

test('a copy with some parts exchanged keeps the others, padding included', () => {
  const first = { id: 1, value: hex('01') };
  const bytes = encodeRtp({ ...BASE, marker: true, csrcs: [5, 6], extensions: [first], payload: PAYLOAD, paddingBytes: 3 });
  const header = decodeRtp(bytes);
  assert.deepEqual(rewriteRtp(bytes, header, {}), bytes);
  const second = { id: 15, value: hex('0203') };
  const changed = RtpPacket.decode(rewriteRtp(bytes, header, { ssrc: 7, payloadType: 97, sequenceNumber: 9, extensions: [first, second] }, { tailroomBytes: 16 }));
  assert.deepEqual([changed.header.ssrc, changed.header.payloadType, changed.header.sequenceNumber, changed.header.marker], [7, 97, 9, true]);
  assert.deepEqual([changed.extension(1), changed.extension(15), changed.csrcs], [first.value, second.value, [5, 6]]);
  assert.deepEqual([changed.payload, changed.paddingBytes, changed.bytes.buffer.byteLength], [PAYLOAD, 3, changed.bytes.length + 16]);
  const bare = RtpPacket.decode(rewriteRtp(bytes, header, { csrcs: [], extensions: [], paddingBytes: 0, payload: hex('ff') }));
  assert.equal(bare.bytes.length, 13);
  assert.throws(() => rewriteRtp(bytes, header, { extensions: [second] }, { extensionForm: 'one-byte' }), RtcError);
});

test('RTP and RTCP on one port are told apart by the second byte (RFC 5761 4)', () => {
  const bytes = encodeRtp({ ...BASE, payload: PAYLOAD });
  for (let second = 0; second < 256; second++) {
    bytes[1] = second;
    assert.equal(isRtp(bytes), second < 192 || second > 223, `${second}`);
  }
  bytes[1] = 96;
  for (let first = 0; first < 256; first++) {
    bytes[0] = first;
    assert.equal(isRtp(bytes), first >= 128 && first < 192);
  }
  assert.ok(!isRtp(bytes.subarray(0, 11)));
});

test('what does not fit a packet is the caller\'s error', () => {
  const refused = [
    { payloadType: 128 },
    { payloadType: -1 },
    { csrcs: new Array<number>(16).fill(1) },
    { paddingBytes: 256 },
    { paddingBytes: -1 },
    { extensions: [{ id: 0, value: PAYLOAD }] },
    { extensions: [{ id: 256, value: PAYLOAD }] },
    { extensions: [{ id: 1, value: new Uint8Array(256) }] },
    { extensions: new Array(1100).fill({ id: 1, value: new Uint8Array(255) }) },
  ];
  for (const wrong of refused) assert.throws(() => encodeRtp({ ...BASE, payload: PAYLOAD, ...wrong }), { name: 'RtcError', code: 'ERR_INVALID_ARGUMENT' }, JSON.stringify(wrong).slice(0, 60));
});

test('one-byte headers hold ids 1 to 14 and 1 to 16 bytes, everything else needs two bytes and leave to use them (RFC 8285 4.2, 6)', () => {
  const profile = (id: number, size: number, extensionForm: 'auto' | 'one-byte' | 'two-byte' = 'auto'): string =>
    toHex(encodeRtp({ ...BASE, extensions: [{ id, value: new Uint8Array(size) }], payload: PAYLOAD }, { extensionForm }).subarray(12, 14));
  assert.equal(profile(14, 16), 'bede');
  assert.equal(profile(1, 1), 'bede');
  assert.equal(profile(15, 16), '1000');
  assert.equal(profile(14, 17), '1000');
  assert.equal(profile(14, 0), '1000');
  assert.equal(profile(255, 255), '1000');
  assert.equal(profile(1, 1, 'two-byte'), '1000');
  assert.equal(profile(14, 16, 'one-byte'), 'bede');
  for (const [id, size] of [[15, 1], [14, 17], [14, 0]] as const) assert.throws(() => profile(id, size, 'one-byte'), RtcError);
});
