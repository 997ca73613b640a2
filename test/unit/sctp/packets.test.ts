import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { add32, DecodeError } from '../../../src/core/index.ts';
import { COOKIE_BYTES, CookieJar } from '../../../src/sctp/cookie.ts';
import { crc32c } from '../../../src/sctp/crc32c.ts';
import { encodeInit } from '../../../src/sctp/init.ts';
import { ChunkType, checkSack, checksumOf, decodeForwardTsn, decodeInit, decodePacket, decodeReconfig, readChecksum } from '../../../src/sctp/index.ts';
import { encodeForwardTsn, encodeOutgoingReset, encodeResetResponse } from '../../../src/sctp/packets.ts';
import { Outstanding } from '../../../src/sctp/outstanding.ts';
import type { OutMessage } from '../../../src/sctp/scheduler.ts';
import { TsnTracker } from '../../../src/sctp/tsn-tracker.ts';
import { prefixes } from '../../support/fuzz.ts';
import { packetOf, sackChunk, sctpEnvironment } from '../../support/sctp.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

const vectors = loadVectors('sctp.json');

/** CRC32c a bit at a time. */
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test('CRC32c of known texts (RFC 3720 B.4)', () => {
  for (const { dataHex, crc, wireHex } of vectors.crc32c) {
    const value = crc32c(hex(dataHex));
    assert.equal(value.toString(16).padStart(8, '0'), crc);
    assert.equal(Buffer.from(new Uint8Array([value, value >>> 8, value >>> 16, value >>> 24])).toString('hex'), wireHex);
  }
});

test('CRC32c by slices equals CRC32c by bits, at any offset', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(40), (bytes, skip) => {
      const start = Math.min(skip, bytes.length);
      assert.equal(crc32c(bytes, start), slowCrc(bytes.subarray(start)));
    }),
  );
});

test('recorded packets decode, and their checksums hold or not as recorded', () => {
  for (const vector of vectors.packets) {
    const bytes = hex(vector.packetHex);
    if (vector.mustReject) {
      assert.throws(() => decodePacket(bytes), DecodeError);
      continue;
    }
    const packet = decodePacket(bytes);
    assert.equal(packet.sourcePort, vector.srcPort);
    assert.equal(packet.destinationPort, vector.dstPort);
    assert.equal(packet.verificationTag, Number.parseInt(vector.vtag, 16));
    assert.deepEqual(packet.chunks.map((chunk) => chunk.type), vector.chunkTypes);
    if (vector.checksumValid === true) assert.equal(readChecksum(bytes), checksumOf(bytes));
    if (vector.checksumValid === null) assert.notEqual(readChecksum(bytes), checksumOf(bytes));
    if (vector.init === undefined) continue;
    const init = decodeInit(bytes, packet.chunks[0]!.start, packet.chunks[0]!.end);
    assert.equal(init.initiateTag, Number.parseInt(vector.init.initiateTag, 16));
    assert.equal(init.receiveWindowBytes, vector.init.aRwnd);
    assert.equal(init.streamsOut, vector.init.os);
    assert.equal(init.streamsIn, vector.init.mis);
    assert.equal(init.initialTsn, vector.init.initialTsn);
    assert.equal(init.forwardTsn, true);
    assert.equal(init.reconfig, true);
  }
});

test('INIT says what it was made of (RFC 9260 3.3.2, RFC 9653 4)', () => {
  fc.assert(
    fc.property(fc.nat(0xffff_fffe), fc.nat(0xffff_ffff), fc.integer({ min: 1, max: 65_535 }), fc.boolean(), fc.boolean(), (tag, tsn, streams, forwardTsn, zeroChecksum) => {
      const init = { initiateTag: tag + 1, initialTsn: tsn, receiveWindowBytes: 123_456, streamsOut: streams, streamsIn: 7, forwardTsn, reconfig: true, zeroChecksum, padding: !forwardTsn, interleaving: forwardTsn, interleavedSkips: zeroChecksum };
      const chunk = encodeInit(ChunkType.INIT, init);
      const decoded = decodeInit(chunk, 4, chunk.length);
      assert.deepEqual({ ...decoded, cookie: undefined, unrecognized: undefined }, { ...init, cookie: undefined, unrecognized: undefined });
    }),
  );
});

test('INIT reports and skips unknown parameters by their high bits (RFC 9260 3.2.1)', () => {
  const base = { initiateTag: 1, initialTsn: 1, receiveWindowBytes: 2000, streamsOut: 1, streamsIn: 1, forwardTsn: false, reconfig: false, zeroChecksum: false };
  const withParameter = (type: number): Uint8Array => {
    const chunk = encodeInit(ChunkType.INIT, base);
    const bytes = new Uint8Array(chunk.length + 12);
    bytes.set(chunk);
    bytes.set([type >> 8, type, 0, 6, 9, 9, 0, 0], chunk.length); // six bytes and padding
    bytes.set([0xc0, 0, 0, 4], chunk.length + 8); // FORWARD-TSN-supported behind it
    return bytes;
  };
  for (const [type, reported, goesOn] of [[0x3fff, 0, false], [0x7fff, 1, false], [0xbfff, 0, true], [0xffff, 1, true]] as const) {
    const bytes = withParameter(type);
    const init = decodeInit(bytes, 4, bytes.length);
    assert.equal(init.unrecognized?.length, reported, type.toString(16));
    assert.equal(init.forwardTsn, goesOn, type.toString(16));
  }
});

test('FORWARD TSN and RE-CONFIG come back as they were (RFC 3758 3.2, RFC 6525 4)', () => {
  const forward = encodeForwardTsn(7, new Map([[1, 2], [65_534, 65_535]]));
  assert.deepEqual(decodeForwardTsn(forward, 4, forward.length), { cumulativeTsn: 7, skipped: Uint16Array.of(1, 2, 65_534, 65_535) });
  const reset = encodeOutgoingReset(1, 2, 3, [4, 5, 6]);
  assert.deepEqual(decodeReconfig(reset, 4, 4 + 22), [{ type: 'outgoing', sequence: 1, responseSequence: 2, lastTsn: 3, streamIds: [4, 5, 6] }]);
  const response = encodeResetResponse(9, 1);
  assert.deepEqual(decodeReconfig(response, 4, response.length), [{ type: 'response', sequence: 9, result: 1 }]);
});

test('A-SCTP-04 chunk and parameter lengths that cannot be are refused, in one pass', () => {
  for (const length of [0, 1, 2, 3, 17, 65_535]) {
    const packet = packetOf(1, [Uint8Array.of(ChunkType.SACK, 0, length >> 8, length, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)]);
    assert.throws(() => decodePacket(packet), DecodeError, `chunk of ${length}`);
    const init = new Uint8Array([...encodeInit(ChunkType.INIT, { initiateTag: 1, initialTsn: 1, receiveWindowBytes: 1500, streamsOut: 1, streamsIn: 1, forwardTsn: false, reconfig: false, zeroChecksum: false }), 0x80, 1, length >> 8, length, 0, 0, 0, 1]);
    assert.throws(() => decodeInit(init, 4, init.length), DecodeError, `INIT parameter of ${length}`);
    const reset = Uint8Array.of(0, 16, length >> 8, length, 0, 0, 0, 1, 0, 0, 0, 1);
    assert.throws(() => decodeReconfig(reset, 0, reset.length), DecodeError, `RE-CONFIG parameter of ${length}`);
  }
});

test('A-JS-01 every prefix of a packet decodes or is refused with DecodeError', () => {
  for (const vector of vectors.packets) {
    for (const prefix of prefixes(hex(vector.packetHex))) {
      try {
        const packet = decodePacket(prefix);
        for (const { type, start, end } of packet.chunks) if (type === ChunkType.INIT) decodeInit(prefix, start, end);
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error));
      }
    }
  }
  assert.ok(vectors.packets.length > 0);
});

test('A-SCTP-06 a SACK with gap blocks out of order, overlapping or missing is refused', () => {
  const sack = (gaps: [number, number][]): Uint8Array => sackChunk(1, { gaps });
  checkSack(sack([[2, 3], [5, 5], [7, 65_535]]), 4, sack([[2, 3], [5, 5], [7, 65_535]]).length);
  for (const gaps of [[[5, 4]], [[2, 5], [4, 6]], [[5, 6], [2, 3]], [[0, 1]], [[2, 3], [3, 4]]] as [number, number][][]) {
    const chunk = sack(gaps);
    assert.throws(() => checkSack(chunk, 4, chunk.length), DecodeError, JSON.stringify(gaps));
  }
  const cut = sack([[2, 3], [5, 6]]);
  assert.throws(() => checkSack(cut, 4, cut.length - 4), DecodeError);
});

test('A-SCTP-03 a cookie holds for its life and with its key only', () => {
  const environment = sctpEnvironment(1);
  const jar = new CookieJar(environment, 60_000);
  const peer = { initiateTag: 0xffff_ffff, initialTsn: 0x8000_0000, receiveWindowBytes: 0xffff_ffff, streamsOut: 65_535, streamsIn: 1, forwardTsn: true, reconfig: false, zeroChecksum: true, padding: true, interleaving: true, interleavedSkips: false };
  const state = { localTag: 0xfedc_ba98, localTsn: 0xffff_fffe, tieTag: 0, peer };
  const cookie = jar.bake(state, 1000.5);
  assert.equal(cookie.length, COOKIE_BYTES);
  assert.deepEqual(jar.open(cookie, 61_000), state);
  assert.equal(jar.open(cookie, 61_001), 'stale');
  for (let i = 0; i < cookie.length; i++) {
    const forged = cookie.slice();
    forged[i] = forged[i]! ^ 1;
    assert.equal(jar.open(forged, 1001), 'forged');
  }
  assert.equal(jar.open(cookie.subarray(1), 1001), 'forged');
  assert.equal(new CookieJar(environment, 60_000).open(cookie, 1001), 'forged');
});

test('A-JS-07 received TSNs are tracked across the wrap, and gap blocks equal those of a set', () => {
  for (const start of [0x7fff_ff00, 0xffff_ffc0, 0]) {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 120 }), (offsets) => {
        const tracker = new TsnTracker(start);
        const arrived = new Set<number>();
        for (const offset of offsets) {
          const tsn = add32(start, offset);
          if (tsn === add32(tracker.cumulative, 1)) tracker.next();
          else tracker.add(tsn);
          arrived.add(offset);
          while (tracker.has(add32(tracker.cumulative, 1))) tracker.next();
        }
        let cumulative = 0;
        while (arrived.has(cumulative + 1)) cumulative++;
        assert.equal(tracker.cumulative, add32(start, cumulative));
        const expected: number[] = [];
        for (let i = cumulative + 1; i <= 300; i++) {
          if (!arrived.has(i)) continue;
          const from = i;
          while (arrived.has(i + 1)) i++;
          expected.push(from - cumulative, i - cumulative);
        }
        const bytes = new Uint8Array(1200);
        const count = tracker.hasGaps ? tracker.writeGaps(bytes, 0, 300) : 0;
        const view = new DataView(bytes.buffer);
        assert.deepEqual(Array.from({ length: 2 * count }, (_, i) => view.getUint16(2 * i)), expected);
      }),
      { numRuns: 150 },
    );
  }
});

test('A-JS-07 the ring of outstanding chunks keeps its order over growth and wrap', () => {
  const out = new Outstanding(0xffff_fff0);
  const model: number[] = [];
  let next = 0;
  for (let round = 0; round < 2000; round++) {
    if ((round * 7919) % 5 < 3) {
      out.push({ fragments: 0, lastTsn: 0 } as OutMessage, next, next & 0xffff, 3, next, next);
      model.push(next++);
    } else if (model.length > 0) {
      out.shift();
      model.shift();
    }
    assert.equal(out.count, model.length);
    assert.equal(out.nextTsn, add32(0xffff_fff0, next));
    if (model.length > 0) assert.equal(out.offsets[out.slot(0)], model[0]);
    if (model.length > 1) assert.equal(out.offsets[out.slot(model.length - 1)], model.at(-1));
  }
  assert.ok(out.count > 64);
});
