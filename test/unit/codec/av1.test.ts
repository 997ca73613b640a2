import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, DecodeError, RtcError } from '../../../src/core/index.ts';
import { Av1Depacketizer, Av1Packetizer, decodeLeb128, isAv1Keyframe, leb128Length, splitObus, TEMPORAL_DELIMITER, writeLeb128 } from '../../../src/codec/index.ts';
import { av1Unit, depacketizeAll, obu, payloadsOf, plainBytes } from '../../support/codec.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

const vectors = loadVectors('rtp-rtcp.json');
const depacketize = (...payloads: string[]): string => Buffer.from(depacketizeAll(new Av1Depacketizer(), payloads.map(hex))).toString('hex');

test('LEB128: the vectors both ways, and what must be refused (AV1 specification 4.10.5)', () => {
  for (const { value, hex: text } of vectors.leb128) {
    const bytes = hex(text);
    assert.deepEqual(decodeLeb128(bytes), { value, length: bytes.length });
    const out = new Uint8Array(leb128Length(value));
    assert.equal(writeLeb128(out, 0, value), bytes.length);
    assert.deepEqual(out, bytes);
  }
  for (const { hex: text } of vectors.leb128MustReject) assert.throws(() => decodeLeb128(hex(text)), DecodeError);
  assert.deepEqual(decodeLeb128(hex('8080808000')), { value: 0, length: 5 });
});

test('AV1: temporal units of any OBUs come back with size fields, without temporal delimiters and tile lists', () => {
  const one = fc.record({ type: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 15), length: fc.integer({ min: 0, max: 400 }), layer: fc.option(fc.constantFrom(0x00, 0x08, 0x20)) });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 12 }), fc.integer({ min: 64, max: 200 }), (obus, maxPayloadBytes) => {
      const parts = obus.map(({ type, length, layer }, i) => obu(type, plainBytes(length, i), layer ?? undefined));
      const kept = parts.filter((_, i) => ![2, 8].includes(obus[i]?.type ?? 0));
      if (kept.length === 0) {
        assert.throws(() => new Av1Packetizer({ maxPayloadBytes }).packetize(concat(...parts)), RtcError);
        return;
      }
      const payloads = payloadsOf(new Av1Packetizer({ maxPayloadBytes }).packetize(concat(...parts)));
      assert.ok(payloads.every((payload) => payload.length <= maxPayloadBytes));
      assert.deepEqual(depacketizeAll(new Av1Depacketizer(), payloads), concat(...kept));
    }),
    { numRuns: 200 },
  );
});

test('AV1: the aggregation header: W counts elements, N marks a new sequence, Z and Y a fragment', () => {
  assert.deepEqual(payloadsOf(new Av1Packetizer().packetize(concat(TEMPORAL_DELIMITER, obu(1, hex('aa')), obu(6, hex('10bb'))))).map((payload) => Buffer.from(payload).toString('hex')), ['28' + '0208aa' + '3010bb']);
  const payloads = payloadsOf(new Av1Packetizer({ maxPayloadBytes: 64 }).packetize(av1Unit(150, false)));
  assert.deepEqual(payloads.map(([first]) => first), [0x50, 0xd0, 0x90]);
  // OBUs of different layers do not share a payload.
  const layers = payloadsOf(new Av1Packetizer().packetize(concat(obu(6, hex('30'), 0x00), obu(6, hex('30'), 0x08))));
  assert.deepEqual(layers.map((payload) => Buffer.from(payload).toString('hex')), ['10340030', '10340830']);
  // An OBU without a size field may be the last of a unit.
  assert.deepEqual(payloadsOf(new Av1Packetizer().packetize(hex('30aabb'))), [hex('1030aabb')]);
});

test('AV1: elements with lengths (W=0), size fields within elements, delimiters from careless senders', () => {
  assert.equal(depacketize('00' + '0208aa' + '0330bbcc'), '0a01aa' + '3202bbcc');
  assert.equal(depacketize('20' + '030a01aa' + '3202bbcc'), '0a01aa' + '3202bbcc');
  assert.equal(depacketize('20' + '021200' + '30bb'), '3201bb');
  // The header, its extension and the size field may each be in a fragment of their own.
  assert.equal(depacketize('50' + '36', 'd0' + '08', 'd0' + '82', 'd0' + '00aa', '90' + 'bb'), '36' + '08' + '02' + 'aabb');
});

test('A-MED-01 AV1: missing sizes, elements of no bytes or past the end, fragments that do not fit, N within a sequence', () => {
  const refused = [
    ['10'], [''], ['30' + '0208aa' + '0230bb'], ['30' + '0208aa'], ['20' + '0208aa'], ['00' + '00'], ['20' + '00' + '30aa'], ['00' + '0530aa'], ['00' + 'ff'], ['00' + 'ffffffff7f30'],
    ['90' + '30aa'], ['50' + '30aa'], ['50' + '30aa', '10' + '30aa'], ['10' + '30aa', '18' + '30aa'], ['98' + '30aa'], ['50' + '30aa', '98' + 'bb'], ['10' + 'b0aa'], ['10' + '34'], ['10' + '3203aabb'], ['10' + '3201aabb'], ['10' + '32'],
  ];
  for (const payloads of refused) assert.throws(() => depacketize(...payloads), DecodeError, payloads.join(' '));
});

test('A-MED-01 AV1: no payload makes more than 64 bytes more than it is', () => {
  for (let elements = 1; elements < 300; elements++) {
    const payload = concat(hex('00'), ...Array.from({ length: elements }, () => hex('0130')));
    assert.ok(depacketizeAll(new Av1Depacketizer(), [payload]).length <= payload.length + 64);
  }
});

test('AV1: keyframes need a sequence header and a key frame; broken units are none', () => {
  assert.equal(isAv1Keyframe(concat(TEMPORAL_DELIMITER, av1Unit(20, true))), true);
  assert.equal(isAv1Keyframe(av1Unit(20, false)), false);
  assert.equal(isAv1Keyframe(obu(6, hex('10aa'))), false);
  assert.equal(isAv1Keyframe(concat(obu(1, hex('00')), obu(3, hex('30')))), false);
  assert.equal(isAv1Keyframe(concat(obu(1, hex('08')), obu(6, hex('ff')))), true);
  assert.equal(isAv1Keyframe(hex('0aff')), false);
  assert.equal(isAv1Keyframe(hex('')), false);
  const depacketizer = new Av1Depacketizer();
  assert.equal(depacketizer.isKeyframePayload(hex('080208aa30')), true);
  assert.equal(depacketizer.isKeyframePayload(hex('000208aa30')), true);
  assert.equal(depacketizer.isKeyframePayload(hex('1030aa')), false);
  assert.equal(depacketizer.frameStart(hex('1038aa')), 'never');
  assert.equal(depacketizer.frameStart(hex('1018aa')), 'possible');
});

test('OBUs of a unit: bytes past the end and the forbidden bit are refused', () => {
  for (const text of ['0a05aa', '8a00', '36', '0a', '0aff']) assert.throws(() => splitObus(hex(text)), DecodeError, text);
  assert.throws(() => new Av1Packetizer().packetize(hex('0a05aa')), RtcError);
});
