import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeUtf8, decodeUtf8Lenient, encodeUtf8, fromHex } from '../../../src/core/index.ts';

test('text goes both ways, a byte order mark and NUL included', () => {
  for (const text of ['', 'abc', '\ufeffabc', 'a\0b', 'ä€😀', '\u{10ffff}']) {
    assert.equal(decodeUtf8(encodeUtf8(text)), text);
    assert.equal(decodeUtf8Lenient(encodeUtf8(text)), text);
  }
  // Any code points that are no surrogates; the strings of fast-check take a second to set up.
  const codePoint = fc.oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10_ffff }));
  fc.assert(fc.property(fc.array(codePoint), (points) => {
    const text = String.fromCodePoint(...points);
    assert.equal(decodeUtf8(encodeUtf8(text)), text);
  }));
});

test('a lone surrogate becomes U+FFFD, as in a W3C USVString', () => {
  assert.equal(decodeUtf8(encodeUtf8('a\ud800b')), 'a\ufffdb');
});

test('what is not UTF-8 is undefined, or U+FFFD when asked to be lenient', () => {
  const bad = ['80', 'ff', 'c0af', 'e08080', 'eda080', 'f4908080', 'f5808080', 'c3', 'e282', '61c362', 'f0808080'];
  for (const hex of bad) {
    assert.equal(decodeUtf8(fromHex(hex)), undefined, hex);
    assert.ok(decodeUtf8Lenient(fromHex(hex)).includes('\ufffd'), hex);
  }
});

test('every byte string decodes or is refused, without an exception', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
    const text = decodeUtf8(bytes);
    if (text !== undefined) assert.deepEqual(encodeUtf8(text), bytes);
  }));
});
