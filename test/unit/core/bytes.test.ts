import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readU16, readU24, readU32, readU48, writeU16, writeU24, writeU32, writeU48 } from '../../../src/core/bytes.ts';
import { concat, DecodeError, EMPTY, equalBytes, fromBase64, fromHex, Reader, toBase64, toHex, Writer } from '../../../src/core/index.ts';
import { prefixes, survives } from '../../support/fuzz.ts';

const bytesArbitrary = fc.uint8Array({ maxLength: 40 });

test('numbers of 16 to 48 bits are written and read as DataView does', () => {
  const limits = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7f_ffff, 0x80_0000, 0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x7fff_ffff_ffff, 0x8000_0000_0000, 2 ** 48 - 1];
  const kinds = [[2, writeU16, readU16], [3, writeU24, readU24], [4, writeU32, readU32], [6, writeU48, readU48]] as const;
  for (const [size, write, read] of kinds) {
    const check = (value: number): void => {
      const bytes = new Uint8Array(10).fill(0xaa);
      write(bytes, 2, value);
      const expected = value.toString(16).padStart(2 * size, '0');
      assert.equal(toHex(bytes), `aaaa${expected}${'aa'.repeat(8 - size)}`);
      assert.equal(read(bytes, 2), value);
    };
    for (const value of limits) if (value < 2 ** (8 * size)) check(value);
    fc.assert(fc.property(fc.nat(2 ** 31 - 1), fc.nat(0xffff), (low, high) => check((high * 2 ** 32 + low * 2 + (high & 1)) % 2 ** (8 * size))));
  }
});

test('hexadecimal goes both ways, in either case, and nothing else is accepted', () => {
  fc.assert(fc.property(bytesArbitrary, (bytes) => {
    assert.deepEqual(fromHex(toHex(bytes)), bytes);
    assert.deepEqual(fromHex(toHex(bytes).toUpperCase()), bytes);
    assert.equal(toHex(bytes), Buffer.from(bytes).toString('hex'));
  }));
  for (const bad of ['0', '0g', 'g0', ' 0', '0x', '@1', '`1', 'ä1', '0\0', '１1']) assert.throws(() => fromHex(bad), DecodeError, bad);
});

test('joining byte strings copies them', () => {
  const a = Uint8Array.of(1, 2);
  const joined = concat(a, EMPTY, Uint8Array.of(3));
  a[0] = 9;
  assert.deepEqual(joined, Uint8Array.of(1, 2, 3));
  assert.equal(concat().length, 0);
});

test('A-JS-10 comparing byte strings of other lengths is false, not an exception', () => {
  const mac = new Uint8Array(20).fill(7);
  for (const length of [0, 19, 21, 32, 33]) assert.equal(equalBytes(mac, new Uint8Array(length).fill(7)), false);
  assert.equal(equalBytes(mac, mac.slice()), true);
  assert.equal(equalBytes(EMPTY, EMPTY), true);
  for (let bit = 0; bit < 160; bit++) {
    const other = mac.slice();
    other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.equal(equalBytes(mac, other), false);
  }
});

/** Reads one field of each kind. */
function readAll(bytes: Uint8Array): unknown[] {
  const r = new Reader(bytes, 'test');
  const fields = [r.u8(), r.u16(), r.u24(), r.u32(), r.u48(), toHex(r.vector8()), toHex(r.vector16()), toHex(r.vector24()), toHex(r.view(2))];
  r.skip(1);
  r.done();
  return fields;
}

const everything = new Writer(1)
  .u8(1)
  .u16(0x0203)
  .u24(0x04_0506)
  .u32(0xf708_090a)
  .u48(0xfb0c_0d0e_0f10)
  .vector(1, (w) => w.u8(0x11))
  .vector(2, (w) => w.append(Uint8Array.of(0x12, 0x13)))
  .vector(3, (w) => w.zeros(3))
  .append(Uint8Array.of(0x14, 0x15))
  .zeros(1)
  .finish();

test('a reader reads what a writer wrote', () => {
  assert.deepEqual(readAll(everything), [1, 0x0203, 0x04_0506, 0xf708_090a, 0xfb0c_0d0e_0f10, '11', '1213', '000000', '1415']);
});

test('A-JS-01 a reader refuses every prefix with a DecodeError and never reads past the end', () => {
  for (const prefix of prefixes(everything)) assert.equal(survives(readAll, prefix), 'refused');
  assert.throws(() => readAll(concat(everything, Uint8Array.of(0))), DecodeError); // done() sees the byte too many
});

test('a reader stays within its window, and its views are not copies', () => {
  const bytes = Uint8Array.of(9, 1, 2, 3, 9);
  const reader = new Reader(bytes, 'test', 1, 4);
  assert.equal(reader.left, 3);
  const view = reader.view(2);
  bytes[1] = 7;
  assert.deepEqual(view, Uint8Array.of(7, 2));
  assert.equal(reader.at, 3);
  assert.throws(() => reader.u16(), DecodeError);
  assert.equal(reader.u8(), 3); // a failed read takes nothing
  reader.done();
  assert.throws(() => reader.u8(), { name: 'DecodeError', what: 'test' });
});

test('a reader never steps back or out of its bytes, whatever a length was computed to', () => {
  const reader = new Reader(new Uint8Array(8), 'test', 4);
  for (const length of [-1, -4, Number.NaN, Number.POSITIVE_INFINITY, 5, 2 ** 32]) {
    assert.throws(() => reader.skip(length), DecodeError, String(length));
    assert.throws(() => reader.view(length), DecodeError, String(length));
    assert.equal(reader.at, 4);
  }
  for (const [start, end] of [[-1, 4], [5, 4], [0, 9], [9, 9], [Number.NaN, 4]] as const) {
    assert.throws(() => new Reader(new Uint8Array(8), 'test', start, end), DecodeError, `${start} ${end}`);
  }
});

test('reading in any order of fields agrees with slicing', () => {
  fc.assert(fc.property(bytesArbitrary, fc.array(fc.nat(6), { maxLength: 12 }), (bytes, lengths) => {
    const reader = new Reader(bytes, 'test');
    let at = 0;
    for (const length of lengths) {
      if (at + length > bytes.length) {
        assert.throws(() => reader.view(length), DecodeError);
        return;
      }
      assert.deepEqual(reader.view(length), bytes.subarray(at, at + length));
      at += length;
      assert.equal(reader.left, bytes.length - at);
    }
  }));
});

test('a writer grows from any capacity and keeps what it holds', () => {
  fc.assert(fc.property(fc.nat(20), fc.array(bytesArbitrary, { maxLength: 10 }), (capacity, parts) => {
    const writer = new Writer(capacity);
    for (const part of parts) writer.append(part);
    assert.deepEqual(writer.finish(), concat(...parts));
    assert.equal(writer.length, concat(...parts).length);
  }));
});

test('A-JS-05 what a writer leaves blank is zero, also after it grew', () => {
  const writer = new Writer(2).u8(0xff).zeros(7).u8(0xff).zeros(100);
  assert.equal(toHex(writer.finish()), `ff${'00'.repeat(7)}ff${'00'.repeat(100)}`);
});

test('vectors nest, and one that is too long for its length field is an error', () => {
  const nested = new Writer().vector(2, (w) => w.vector(1, (x) => x.u16(0xabcd)).vector(1, () => {})).finish();
  assert.equal(toHex(nested), '000402abcd00');
  assert.equal(new Writer().vector(1, (w) => w.zeros(255)).finish()[0], 255);
  assert.throws(() => new Writer().vector(1, (w) => w.zeros(256)), RangeError);
  assert.throws(() => new Writer().vector(2, (w) => w.zeros(65_536)), RangeError);
});

test('two bytes can be overwritten later', () => {
  const writer = new Writer().u16(0).u8(1);
  writer.patchU16(0, 0xbeef);
  assert.equal(toHex(writer.finish()), 'beef01');
});

test('base64 is what Buffer makes of it, with padding or without (RFC 4648 4)', () => {
  fc.assert(
    fc.property(bytesArbitrary, (bytes) => {
      const text = Buffer.from(bytes).toString('base64');
      assert.equal(toBase64(bytes), text);
      assert.deepEqual(fromBase64(text), bytes);
      assert.deepEqual(fromBase64(text.replaceAll('=', '')), bytes);
    }),
  );
});

test('base64 with anything else in it, or cut off, is none', () => {
  for (const stranger of ['-', '_', '=', ' ', '\n', '\x7f', 'é', '\u0141']) {
    for (let at = 0; at < 7; at++) assert.equal(fromBase64(`${'QUJDREV'.slice(0, at)}${stranger}${'QUJDREV'.slice(at + 1)}`), undefined, `${JSON.stringify(stranger)} at ${at}`);
  }
  for (const cut of ['Q', 'QUJDR', 'QQ=', 'QUI==', 'QUJD=']) assert.equal(fromBase64(cut), undefined, cut);
});
