import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, DecodeError, RtcError } from '../../../src/core/index.ts';
import {
  createDepacketizer,
  createPacketizer,
  decodeParameterSets,
  type Depacketizer,
  H264Depacketizer,
  H264Packetizer,
  H265Depacketizer,
  H265Packetizer,
  MAX_GROWTH_BYTES,
  splitNalUnits,
} from '../../../src/codec/index.ts';
import { annexB, depacketizeAll, h264Nal, h265Nal, nalHex, payloadsOf, plainBytes } from '../../support/codec.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

const vectors = loadVectors('rtp-rtcp.json');

for (const codec of ['h264', 'h265'] as const) {
  test(`${codec}: payloads of the vectors become their NAL units`, () => {
    for (const { packets, nals, source } of vectors[codec]) {
      const frame = depacketizeAll(createDepacketizer(codec), packets.map(hex));
      assert.deepEqual(nalHex(frame), nals, source);
    }
  });

  test(`A-MED-01 ${codec} payloads of the vectors that must be refused are, with a DecodeError`, () => {
    assert.ok(vectors[`${codec}MustReject`].length >= 3);
    for (const { packets, source } of vectors[`${codec}MustReject`]) {
      assert.throws(() => depacketizeAll(createDepacketizer(codec), packets.map(hex)), DecodeError, source);
    }
  });

  test(`${codec}: NAL units of any size around the MTU come back byte for byte`, () => {
    const make = codec === 'h264' ? (length: number, seed: number) => h264Nal(1 + (seed % 23), length, seed) : (length: number, seed: number) => h265Nal(seed % 48, length, seed);
    const least = codec === 'h264' ? 1 : 2;
    for (const maxPayloadBytes of [64, 100, 1148]) {
      const packetizer = createPacketizer(codec, { maxPayloadBytes });
      for (let length = least; length < 3 * maxPayloadBytes + 20; length += maxPayloadBytes > 500 && (length + 20) % maxPayloadBytes > 40 ? 61 : 1) {
        const unit = make(length, length);
        const payloads = payloadsOf(packetizer.packetize(annexB(unit)));
        assert.ok(payloads.every((payload) => payload.length <= maxPayloadBytes), `${length}`);
        assert.deepEqual(depacketizeAll(createDepacketizer(codec), payloads), annexB(unit), `${length} in ${maxPayloadBytes}`);
      }
    }
  });

  test(`${codec}: access units of any NAL units come back whole, each payload within the MTU, the marker on the last`, () => {
    const unit = fc.tuple(fc.integer({ min: codec === 'h264' ? 1 : 0, max: codec === 'h264' ? 23 : 47 }), fc.integer({ min: 2, max: 700 }), fc.nat(1000));
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 60 }), fc.integer({ min: 64, max: 400 }), fc.boolean(), (units, maxPayloadBytes, donl) => {
        const nals = units.map(([type, length, seed]) => (codec === 'h264' ? h264Nal(type, length, seed) : h265Nal(type, length, seed)));
        const packets = createPacketizer(codec, { maxPayloadBytes, donl }).packetize(annexB(...nals));
        const depacketizer = createDepacketizer(codec, { donl });
        assert.deepEqual(nalHex(depacketizeAll(depacketizer, payloadsOf(packets))), nals.map((nal) => Buffer.from(nal).toString('hex')));
        assert.ok(packets.every(({ payload }) => payload.length <= maxPayloadBytes));
        assert.deepEqual(packets.map(({ marker }) => marker), packets.map((_, i) => i === packets.length - 1));
      }),
      { numRuns: 100 },
    );
  });

  test(`A-MED-01 ${codec}: no payload makes more than 64 bytes more than it is`, () => {
    const make = codec === 'h264' ? (n: number) => concat(Uint8Array.of(0x78), ...Array.from({ length: n }, () => hex('000109'))) : (n: number) => concat(hex('6001'), ...Array.from({ length: n }, () => hex('00024601')));
    let refused = 0;
    for (let units = 1; units < 300; units++) {
      const payload = make(units);
      try {
        const out = depacketizeAll(createDepacketizer(codec), [payload]);
        assert.ok(out.length <= payload.length + MAX_GROWTH_BYTES);
      } catch (error) {
        assert.ok(error instanceof DecodeError);
        assert.ok(units > 32);
        refused++;
      }
    }
    assert.ok(refused > 200);
  });
}

test('H.264: STAP-A takes F and the greatest NRI of its units (RFC 6184 5.7); 32 units at most', () => {
  const units = [hex('0101'), hex('6702'), hex('4103')];
  const [stap] = payloadsOf(new H264Packetizer().packetize(annexB(...units)));
  assert.equal(Buffer.from(stap as Uint8Array).toString('hex'), '78' + '00020101' + '00026702' + '00024103');
  const many = Array.from({ length: 40 }, () => hex('4180'));
  assert.deepEqual(payloadsOf(new H264Packetizer().packetize(annexB(...many))).map(({ length }) => length), [1 + 32 * 4, 1 + 8 * 4]);
});

test('H.264: packetization-mode 0 sends single NAL units and refuses what does not fit (RFC 6184 6.2)', () => {
  const packetizer = new H264Packetizer({ packetizationMode: 0, maxPayloadBytes: 100 });
  const units = [h264Nal(7, 20), h264Nal(8, 5), h264Nal(5, 100)];
  assert.deepEqual(payloadsOf(packetizer.packetize(annexB(...units))), units);
  assert.throws(() => packetizer.packetize(annexB(h264Nal(5, 101))), (error) => error instanceof RtcError && error.code === 'ERR_MESSAGE_TOO_LARGE');
});

test('H.264: length-prefixed frames make the same payloads as Annex B; broken lengths are refused', () => {
  const unit = h264Nal(5, 50);
  const prefixed = concat(Uint8Array.of(0, 0, 0, 50), unit);
  assert.deepEqual(new H264Packetizer({ format: 'length-prefixed' }).packetize(prefixed), new H264Packetizer().packetize(annexB(unit)));
  for (const bad of [prefixed.subarray(0, 30), prefixed.subarray(0, 3), hex('00000000')]) {
    assert.throws(() => new H264Packetizer({ format: 'length-prefixed' }).packetize(bad), RtcError);
  }
  for (const bad of [hex(''), hex('0102'), annexB(hex('1801'))]) assert.throws(() => new H264Packetizer().packetize(bad), RtcError);
  for (const bad of [annexB(hex('26')), annexB(hex('6001aa'))]) assert.throws(() => new H265Packetizer().packetize(bad), RtcError);
});

test('Annex B: start codes of three and four bytes, zero bytes between units, bytes before the first (H.264 B.1)', () => {
  assert.deepEqual(splitNalUnits(hex('ff0000016711000000000168220000014133000000')).map((unit) => Buffer.from(unit).toString('hex')), ['6711', '6822', '4133']);
  assert.deepEqual(splitNalUnits(hex('000001')), []);
  assert.deepEqual(splitNalUnits(hex('0101010101')), []);
});

function feeds(make: () => Depacketizer, name: string, ...payloads: string[]): void {
  assert.throws(() => depacketizeAll(make(), payloads.map(hex)), DecodeError, name);
}

test('A-MED-01 H.264: FU without start, type changed, start twice, cut off; STAP-A within STAP-A; FU of STAP-A; modes not negotiated', () => {
  const make = (): Depacketizer => new H264Depacketizer();
  feeds(make, 'no start', '7c050304');
  feeds(make, 'type changed', '7c850102', '7c010304');
  feeds(make, 'start twice', '7c850102', '7c850102');
  feeds(make, 'no end', '7c850102', '7c050304');
  feeds(make, 'single NAL unit amid fragments', '7c850102', '419a');
  feeds(make, 'STAP-A amid fragments', '7c850102', '7800024180');
  feeds(make, 'STAP-A in STAP-A', '780004780001410000');
  feeds(make, 'FU in STAP-A', '7800037c8501');
  feeds(make, 'FU of STAP-A', '7c980102');
  feeds(make, 'FU of type 0', '7c800102');
  feeds(make, 'unit of no bytes', '780000');
  feeds(make, 'empty STAP-A', '78');
  feeds(make, 'empty', '');
  feeds(make, 'forbidden bit', 'c1aabb');
  for (const type of ['60', '79', '7a', '7b', '7d', '7e', '7f']) feeds(make, type, `${type}00010203040506`);
});

test('A-MED-01 H.265: FU without start, type changed, start twice, cut off; AP within AP; FU of AP; PACI in PACI', () => {
  const make = (): Depacketizer => new H265Depacketizer();
  feeds(make, 'no start', '6201130304');
  feeds(make, 'type changed', '6201930102', '6201140304');
  feeds(make, 'type 0 when none is open', '6201000304');
  feeds(make, 'start twice', '6201930102', '6201930102');
  feeds(make, 'no end', '6201930102');
  feeds(make, 'single NAL unit amid fragments', '6201930102', '0201aa');
  feeds(make, 'AP in AP', '600100066001000240010c');
  feeds(make, 'FU in AP', '60010003620193');
  feeds(make, 'FU of AP', '6201b00102');
  feeds(make, 'unit of one byte', '6001000126');
  feeds(make, 'PACI in PACI', '64016400aabb');
  feeds(make, 'PACI extension past the end', '640127f0aabb');
  feeds(make, 'one byte', '26');
  feeds(make, 'forbidden bit', 'a601aa');
  feeds(make, 'reserved type', '6601aabb');
  feeds(() => new H265Depacketizer({ donl: true }), 'no DONL', '260100');
});

test('H.265: PACI packets are opened and their extension skipped (RFC 7798 4.4.4)', () => {
  // cType 19, PHSsize 3, TSCI present
  assert.deepEqual(nalHex(depacketizeAll(new H265Depacketizer(), [hex('6401' + '2638' + 'aabbcc' + '8102')])), ['26018102']);
  // cType 49: a fragment
  assert.deepEqual(nalHex(depacketizeAll(new H265Depacketizer(), [hex('6401' + '6210' + 'aa' + '930102'), hex('62015303')])), ['2601010203']);
  // cType 48: an aggregate
  assert.deepEqual(nalHex(depacketizeAll(new H265Depacketizer(), [hex('6401' + '6000' + '000240010003420101')])), ['4001', '420101']);
});

test('H.265: AP has the lowest layer and temporal id of its units; DONL and DOND are written and read (RFC 7798 4.4.2)', () => {
  const units = [hex('40090a'), hex('02030b')];
  assert.equal(Buffer.from(payloadsOf(new H265Packetizer().packetize(annexB(...units)))[0] as Uint8Array).toString('hex'), '6001' + '000340090a' + '000302030b');
  const packetizer = new H265Packetizer({ donl: true });
  assert.equal(Buffer.from(payloadsOf(packetizer.packetize(annexB(...units)))[0] as Uint8Array).toString('hex'), '6001' + '0000' + '000340090a' + '00' + '000302030b');
  assert.equal(Buffer.from(payloadsOf(packetizer.packetize(annexB(hex('0201aa'))))[0] as Uint8Array).toString('hex'), '0201' + '0002' + 'aa');
});

test('keyframes of H.264 and H.265 are seen in payloads and in frames', () => {
  const cases: [codec: string, key: boolean, units: Uint8Array[]][] = [
    ['H264', true, [h264Nal(9, 2), h264Nal(7, 10), h264Nal(8, 4), h264Nal(6, 9), h264Nal(5, 900)]],
    ['H264', true, [h264Nal(5, 900)]],
    ['H264', false, [h264Nal(9, 2), h264Nal(6, 9), h264Nal(1, 900)]],
    ['H265', true, [h265Nal(32, 10), h265Nal(33, 10), h265Nal(34, 10), h265Nal(39, 5), h265Nal(19, 900)]],
    ['H265', true, [h265Nal(21, 900)]],
    ['H265', true, [h265Nal(16, 90)]],
    ['H265', false, [h265Nal(35, 3), h265Nal(1, 900)]],
    ['H265', false, [h265Nal(9, 90)]],
  ];
  for (const [codec, key, units] of cases) {
    const depacketizer = createDepacketizer(codec);
    const payloads = payloadsOf(createPacketizer(codec, { maxPayloadBytes: 200 }).packetize(annexB(...units)));
    assert.equal(depacketizer.isKeyframe(annexB(...units)), key, codec);
    assert.equal(payloads.some((payload) => depacketizer.isKeyframePayload(payload)), key, codec);
    assert.notEqual(depacketizer.frameStart(payloads[0] as Uint8Array), 'never');
  }
  // The first slice decides, as all slices of a primary picture are of one kind.
  assert.equal(createDepacketizer('H264').isKeyframe(annexB(h264Nal(1, 9), h264Nal(5, 9))), false);
});

test('where frames of H.264 and H.265 begin: parameter sets certainly, first slices perhaps, later slices and fragments never', () => {
  const h264 = new H264Depacketizer();
  assert.equal(h264.frameStart(h264Nal(7, 9)), 'certain');
  assert.equal(h264.frameStart(hex('78000467420010')), 'certain');
  assert.equal(h264.frameStart(h264Nal(1, 9)), 'possible');
  assert.equal(h264.frameStart(h264Nal(1, 9, 1, false)), 'never');
  assert.equal(h264.frameStart(hex('7c8588')), 'possible');
  assert.equal(h264.frameStart(hex('7c0588')), 'never');
  assert.equal(h264.frameStart(hex('')), 'never');
  const h265 = new H265Depacketizer();
  assert.equal(h265.frameStart(h265Nal(32, 9)), 'certain');
  assert.equal(h265.frameStart(hex('6001000440010c01000342010a')), 'certain');
  assert.equal(h265.frameStart(hex('620193ff')), 'possible');
  assert.equal(h265.frameStart(hex('620113ff')), 'never');
  assert.equal(h265.frameStart(hex('020100')), 'never');
});

test('parameter sets from signalling go before IDR pictures that lack them, until the stream brings its own', () => {
  const [sps, pps] = decodeParameterSets('Z0IAEA==,aM44');
  assert.deepEqual([sps, pps], [hex('67420010'), hex('68ce38')]);
  const depacketizer = new H264Depacketizer({ parameterSets: [sps as Uint8Array, pps as Uint8Array] });
  const idr = h264Nal(5, 20);
  const hexes = (...units: Uint8Array[]): string[] => units.map((unit) => Buffer.from(unit).toString('hex'));
  assert.deepEqual(nalHex(depacketizeAll(depacketizer, [hex('06aa'), idr, idr])), hexes(hex('06aa'), hex('67420010'), hex('68ce38'), idr, idr));
  assert.deepEqual(nalHex(depacketizeAll(depacketizer, [h264Nal(1, 20)])), hexes(h264Nal(1, 20)));
  const own = h264Nal(7, 12);
  assert.deepEqual(nalHex(depacketizeAll(depacketizer, [own, idr])), hexes(own, idr));
  assert.deepEqual(nalHex(depacketizeAll(depacketizer, [idr])), hexes(idr));
  const vps = hex('40010c01');
  const irap = h265Nal(19, 20);
  assert.deepEqual(nalHex(depacketizeAll(new H265Depacketizer({ parameterSets: [vps] }), [irap])), hexes(vps, irap));
  assert.throws(() => decodeParameterSets('Z0I*'), DecodeError);
  assert.throws(() => new H264Depacketizer({ parameterSets: [plainBytes(65_537)] }), RtcError);
});

test('the size of payloads may change between frames, as the path MTU does', () => {
  const packetizer = createPacketizer('H265');
  const frame = annexB(h265Nal(1, 1000));
  assert.equal(packetizer.packetize(frame).length, 1);
  packetizer.room.maxPayloadBytes = 300;
  assert.deepEqual(packetizer.packetize(frame).map(({ payload }) => payload.length), [253, 253, 253, 251]);
  assert.throws(() => (packetizer.room.maxPayloadBytes = 10), RtcError);
});
