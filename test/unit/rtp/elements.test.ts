import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcError } from '../../../src/core/index.ts';
import {
  decodeRtp,
  encodeRtp,
  extensionElements,
  extensionValue,
  ExtensionMap,
  ExtensionUri,
  findExtension,
  MAX_EXTENSIONS,
  remapExtensions,
  removeExtension,
} from '../../../src/rtp/index.ts';
import { BASE, PAYLOAD } from '../../support/rtp.ts';

const THREE = [1, 2, 3].map((id) => ({ id, value: new Uint8Array(id).fill(0xa0 + id) }));

for (const extensionForm of ['one-byte', 'two-byte'] as const) {
  const build = (): Uint8Array => encodeRtp({ ...BASE, extensions: THREE, payload: PAYLOAD }, { extensionForm });

  test(`elements are found by id and are views of the packet (${extensionForm})`, () => {
    const bytes = build();
    const header = decodeRtp(bytes);
    assert.deepEqual(extensionElements(bytes, header), THREE);
    for (const { id, value } of THREE) assert.deepEqual(extensionValue(bytes, header, id), value);
    assert.equal(findExtension(bytes, header, 4), -1);
    assert.equal(findExtension(bytes, header, 0), -1);
    assert.equal(extensionValue(bytes, header, 2)?.buffer, bytes.buffer);
  });

  test(`an element that is removed becomes padding, and the others stay (${extensionForm}, RFC 8285 4.1.2)`, () => {
    for (const { id } of THREE) {
      const bytes = build();
      const header = decodeRtp(bytes);
      assert.ok(removeExtension(bytes, header, id));
      assert.ok(!removeExtension(bytes, header, id));
      assert.deepEqual(extensionElements(bytes, decodeRtp(bytes)), THREE.filter((element) => element.id !== id));
      assert.ok(!bytes.subarray(header.extensionStart, header.extensionEnd).includes(0xa0 + id), 'nothing of the value is left');
      assert.deepEqual(bytes.subarray(header.payloadStart), PAYLOAD);
    }
  });

  test(`ids are mapped in place, what has none on the other side is removed (${extensionForm})`, () => {
    const bytes = build();
    const header = decodeRtp(bytes);
    const ids = new Uint8Array(256);
    ids[1] = 3;
    ids[3] = extensionForm === 'one-byte' ? 14 : 200;
    remapExtensions(bytes, header, ids);
    const [first, , third] = THREE;
    assert.deepEqual(extensionElements(bytes, header), [{ id: 3, value: first?.value }, { id: ids[3], value: third?.value }]);
    remapExtensions(bytes, header, new Uint8Array(256));
    assert.ok(bytes.subarray(header.extensionStart, header.extensionEnd).every((byte) => byte === 0));
  });
}

test('an id above 14 has no place in a one-byte header, and bytes that no reader sees do not travel on', () => {
  const bytes = encodeRtp({ ...BASE, extensions: THREE, payload: PAYLOAD });
  const header = decodeRtp(bytes);
  const ids = new Uint8Array(256).map((_, id) => id);
  ids[1] = 15;
  bytes[findExtension(bytes, header, 3) - 1] = 0xf2; // the reserved id hides what follows
  remapExtensions(bytes, header, ids);
  assert.deepEqual(extensionElements(bytes, header), [THREE[1]]);
  assert.ok(!bytes.includes(0xa1) && !bytes.includes(0xa3));
});

test('a map knows ids and URIs both ways and gives out the lowest free id', () => {
  const map = new ExtensionMap();
  map.set(1, ExtensionUri.mid);
  map.set(3, ExtensionUri.rid);
  map.set(3, ExtensionUri.rid);
  assert.equal(map.idOf(ExtensionUri.rid), 3);
  assert.equal(map.uriOf(1), ExtensionUri.mid);
  assert.equal(map.idOf('urn:unknown'), 0);
  assert.equal(map.idOf('__proto__'), 0);
  assert.equal(map.uriOf(2), undefined);
  assert.equal(map.assign('__proto__'), 2);
  assert.equal(map.assign('__proto__'), 2);
  assert.equal(map.assign('x'), 4);
  assert.equal(map.size, 4);
  assert.deepEqual([...map.entries()], [[1, ExtensionUri.mid], [3, ExtensionUri.rid], [2, '__proto__'], [4, 'x']]);
  const other = new ExtensionMap();
  other.set(7, ExtensionUri.mid);
  const table = map.tableTo(other);
  assert.equal(table.length, 256);
  assert.deepEqual([...table.entries()].filter(([, id]) => id !== 0), [[1, 7]]);
});

test('a map refuses ids out of range and double bindings, and skips the reserved id', () => {
  const invalid = { name: 'RtcError', code: 'ERR_INVALID_ARGUMENT' };
  const map = new ExtensionMap();
  for (const id of [0, 15, 256, 1.5, NaN, -1]) assert.throws(() => map.set(id, 'x'), invalid, `${id}`);
  map.set(14, 'x');
  assert.throws(() => map.set(13, 'x'), invalid);
  assert.throws(() => map.set(14, 'y'), invalid);
  for (let i = 1; i < 14; i++) assert.equal(map.assign(`u${i}`), i);
  assert.throws(() => map.assign('full'), { name: 'RtcError', code: 'ERR_RESOURCE' });

  const mixed = new ExtensionMap({ allowMixed: true });
  assert.ok(mixed.allowMixed);
  mixed.set(255, 'x');
  assert.throws(() => mixed.set(256, 'y'), invalid);
  for (let i = 1; i < 14; i++) mixed.assign(`u${i}`);
  assert.deepEqual([mixed.assign('a'), mixed.assign('b')], [14, 16]);
});

test('a map holds 64 extensions unless told otherwise', () => {
  for (const limit of [MAX_EXTENSIONS, 3]) {
    const map = new ExtensionMap(limit === MAX_EXTENSIONS ? { allowMixed: true } : { allowMixed: true, maxExtensions: limit });
    for (let i = 0; i < limit; i++) map.assign(`u${i}`);
    assert.equal(map.size, limit);
    assert.throws(() => map.assign('one too many'), (error) => error instanceof RtcError && error.code === 'ERR_RESOURCE');
    assert.equal(map.assign('u0'), 1);
  }
});
