import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeError } from '../../../src/core/index.ts';
import { writeU16 } from '../../../src/core/bytes.ts';
import { decodeRtp, encodeRtp, extensionElements, findExtension, readHeader, readPadding, RtpHeader } from '../../../src/rtp/index.ts';
import { prefixes, survives } from '../../support/fuzz.ts';
import { BASE, PAYLOAD, samplePackets } from '../../support/rtp.ts';
import { hex, loadVectors } from '../../support/vectors.ts';

for (const vector of loadVectors('rtp-rtcp.json').rtpMustReject) {
  test(`A-RTP-01 refused: ${vector.source}`, () => {
    const bytes = hex(vector.hex);
    assert.throws(() => decodeRtp(bytes), DecodeError);
    const header = new RtpHeader();
    assert.ok(!(readHeader(bytes, header) && readPadding(bytes, header)));
  });
}

test('A-RTP-01 A-JS-01 every prefix of every packet is refused, or is a packet with a shorter payload', () => {
  for (const packet of samplePackets()) {
    const whole = decodeRtp(packet);
    for (const prefix of prefixes(packet)) {
      if (survives(decodeRtp, prefix) === 'refused') continue;
      const part = decodeRtp(prefix);
      assert.ok(part.payloadStart === whole.payloadStart && part.payloadEnd <= prefix.length && part.payloadEnd >= part.payloadStart);
    }
  }
});

test('A-RTP-01 padding of nothing, of more than there is and of everything', () => {
  const bytes = encodeRtp({ ...BASE, payload: PAYLOAD, paddingBytes: 1 });
  const payloadBytes = PAYLOAD.length + 1;
  for (let count = 0; count < 256; count++) {
    bytes[bytes.length - 1] = count;
    if (count === 0 || count > payloadBytes) assert.throws(() => decodeRtp(bytes), DecodeError, `${count}`);
    else assert.equal(decodeRtp(bytes).payloadEnd, bytes.length - count);
  }
  const empty = encodeRtp({ ...BASE, ssrc: 1, payload: new Uint8Array(0) });
  empty[0] = 0xa0;
  assert.throws(() => decodeRtp(empty), DecodeError, 'the count would be a byte of the header');
});

test('A-RTP-01 fifteen sources, and an extension of 65535 words, are taken only if they are there', () => {
  for (let count = 0; count < 16; count++) {
    const bytes = new Uint8Array(12 + 4 * count);
    bytes[0] = 0x80 | count;
    assert.equal(decodeRtp(bytes).csrcCount, count);
    if (count > 0) assert.throws(() => decodeRtp(bytes.subarray(0, -1)), DecodeError);
  }
  const large = new Uint8Array(12 + 4 + 4 * 0xffff);
  large.set([0x90, 96]);
  writeU16(large, 12, 0xbede);
  writeU16(large, 14, 0xffff);
  assert.equal(decodeRtp(large).payloadStart, large.length);
  assert.throws(() => decodeRtp(large.subarray(0, -1)), DecodeError);
});

/** The ids and sizes that are seen in a block. */
function seen(profile: number, block: string): string {
  const words = Math.ceil(block.length / 8);
  const bytes = hex(`9060000100000000000000010000${words.toString(16).padStart(4, '0')}${block.padEnd(8 * words, '0')}aabbccdd`);
  writeU16(bytes, 12, profile);
  const header = decodeRtp(bytes);
  assert.deepEqual([...bytes.subarray(header.payloadStart)], [0xaa, 0xbb, 0xcc, 0xdd], 'the payload is where it is');
  for (let id = 0; id < 256; id++) {
    const at = findExtension(bytes, header, id);
    assert.ok(at === -1 || (at > header.extensionStart && at <= header.extensionEnd));
  }
  return extensionElements(bytes, header).map(({ id, value }) => `${id}:${value.length}`).join(' ');
}

test('A-RTP-02 one-byte elements: id 15 and id 0 with a length end the block, a length past the end is not followed (RFC 8285 4.2)', () => {
  assert.equal(seen(0xbede, '10aa' + '21bbbb'), '1:1 2:2');
  assert.equal(seen(0xbede, '10aa' + '0000' + '20bb'), '1:1 2:1');
  assert.equal(seen(0xbede, '10aa' + 'f0ff' + '20bb'), '1:1');
  assert.equal(seen(0xbede, '10aa' + '01ffff' + '20bb'), '1:1');
  assert.equal(seen(0xbede, '10aa' + '2fbb'), '1:1');
  assert.equal(seen(0xbede, '1f' + '00'.repeat(14)), '', 'sixteen bytes announced, fifteen there');
  assert.equal(seen(0xbede, '000000' + '10'), '', 'a header in the last byte');
  assert.equal(seen(0xbede, ''), '');
  const full = Array.from({ length: 14 }, (_, i) => `${(i + 1).toString(16)}f${'aa'.repeat(16)}`).join('');
  assert.equal(seen(0xbede, full), Array.from({ length: 14 }, (_, i) => `${i + 1}:16`).join(' '));
});

test('A-RTP-02 two-byte elements: id 0 is padding without a length, 255 bytes are taken only if they are there (RFC 8285 4.3)', () => {
  assert.equal(seen(0x1000, '0101aa' + '0200' + '0f02bbbb'), '1:1 2:0 15:2');
  assert.equal(seen(0x100f, 'ff01aa'), '255:1', 'the last four bits of the profile are free');
  assert.equal(seen(0x1000, '00' + '0101aa'), '1:1');
  assert.equal(seen(0x1000, `01ff${'aa'.repeat(255)}`), '1:255');
  assert.equal(seen(0x1000, `01ff${'aa'.repeat(250)}`), '');
  assert.equal(seen(0x1000, '0101aa' + '02'.padStart(10, '0')), '1:1', 'a header in the last byte');
});

test('A-RTP-02 blocks of other profiles have no elements: unknown ones, and encrypted ones that were not negotiated (RFC 9335)', () => {
  for (const profile of [0xc0de, 0xc2de, 0x0000, 0xffff, 0xbedf, 0x1010, 0x0fff]) assert.equal(seen(profile, '10aa' + '20bb'), '', profile.toString(16));
});

test('A-JS-05 padding, unused bytes of an extension block and the room around a packet are zero', () => {
  for (const paddingBytes of [1, 4, 255]) {
    Buffer.allocUnsafe(1024).fill(0xaa); // whatever the pool held must not show
    const bytes = encodeRtp({ ...BASE, extensions: [{ id: 1, value: Uint8Array.of(0xff) }], payload: PAYLOAD, paddingBytes }, { headroomBytes: 32, tailroomBytes: 32 });
    const { extensionStart, extensionEnd, payloadEnd } = decodeRtp(bytes);
    const zero = (part: Uint8Array): boolean => part.every((byte) => byte === 0);
    assert.ok(zero(bytes.subarray(extensionStart + 2, extensionEnd)));
    assert.ok(zero(bytes.subarray(payloadEnd, -1)));
    const all = new Uint8Array(bytes.buffer);
    assert.ok(zero(all.subarray(0, 32)) && zero(all.subarray(-32)));
  }
});
