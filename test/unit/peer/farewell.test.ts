import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datagram } from '../../../src/core/index.ts';
import { Farewell } from '../../../src/peer/farewell.ts';

const local = { address: '10.0.0.1', port: 1 };
const remote = { address: '10.0.0.2', port: 2 };
const datagram = (...bytes: number[]): Datagram => ({ bytes: Uint8Array.from(bytes), local: { ...local }, remote: { ...remote } });

function left(farewell: Farewell): number[][] {
  const all: number[][] = [];
  for (let next = farewell.shift(); next !== undefined; next = farewell.shift()) all.push([...next.bytes]);
  return all;
}

test('the last datagrams leave as they came, copied', () => {
  const farewell = new Farewell();
  const first = datagram(1);
  farewell.push(first, 0);
  first.bytes[0] = 9;
  farewell.push(datagram(2), 0);
  farewell.push(datagram(3, 4), 0);
  assert.deepEqual(left(farewell), [[1], [2], [3, 4]]);
  assert.deepEqual(left(farewell), []);
});

test('neighbours that may share a datagram do, where it has room for them (RFC 6347 4.1.1)', () => {
  const farewell = new Farewell();
  for (const bytes of [[1, 1], [2], [3, 3], [4]]) farewell.push(datagram(...bytes), 4);
  assert.deepEqual(left(farewell), [[1, 1, 2], [3, 3, 4]]);
});

test('what is to be alone stays alone, and what goes another way does', () => {
  const farewell = new Farewell();
  farewell.push(datagram(1), 100);
  farewell.push(datagram(2), 0);
  farewell.push(datagram(3), 100);
  farewell.push({ ...datagram(4), remote: { ...remote, port: 3 } }, 100);
  farewell.push({ ...datagram(5), remote: { ...remote, port: 3 } }, 100);
  assert.deepEqual(left(farewell), [[1], [2], [3], [4, 5]]);
});
