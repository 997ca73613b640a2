import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IcePair } from '../../../src/ice/index.ts';
import type { GathererInterface } from '../../../src/peer/gatherer/index.ts';
import { pathOf } from '../../../src/peer/path.ts';

const interfaces: readonly GathererInterface[] = [
  { address: '127.0.0.1', family: 4, isLoopback: true, mtuBytes: 65_536 },
  { address: '192.0.2.1', family: 4, isLoopback: false, mtuBytes: 1500 },
  { address: '2001:db8::1', family: 6, isLoopback: false, mtuBytes: 9000 },
  { address: '198.51.100.7', family: 4, isLoopback: false },
];

function pair(base: string, remote: string, local: Partial<IcePair['local']> = {}): IcePair {
  return { base: { address: base, port: 1 }, remoteAddress: { address: remote, port: 2 }, local: { type: 'host', address: base, ...local } } as unknown as IcePair;
}

/** The IP packet that a full packet of the path makes. */
const ipBytes = (path: ReturnType<typeof pathOf>): number => path.maxMtuBytes + (path.overheadBytes ?? 0);

test('the bound is what the interface of the socket carries in one piece, in both families (RFC 8899 3)', () => {
  const v4 = pathOf(pair('192.0.2.1', '203.0.113.1'), interfaces);
  assert.equal(ipBytes(v4), 1500);
  assert.equal(v4.overheadBytes, 20 + 8 + 37);
  assert.equal(v4.isLoopback, false);
  const v6 = pathOf(pair('2001:db8::1', '2001:db8:1::1'), interfaces);
  assert.equal(ipBytes(v6), 9000);
  assert.equal(v6.overheadBytes, 40 + 8 + 37);
});

test('a DTLS record bounds what the loopback interface would carry (RFC 6347 4.1.1), and it leaves in one piece', () => {
  const path = pathOf(pair('127.0.0.1', '127.0.0.1'), interfaces);
  assert.equal(path.maxMtuBytes, 16_384);
  assert.equal(path.wholeBytes, 65_536 - 65);
  assert.equal(path.isLoopback, true);
});

test('what goes to an address of this host goes over loopback', () => {
  assert.equal(pathOf(pair('192.0.2.1', '192.0.2.1'), interfaces).isLoopback, true);
  assert.equal(pathOf(pair('192.0.2.1', '198.51.100.7'), interfaces).maxMtuBytes, 16_384);
});

test('behind a wildcard the candidate names the interface, or what it came from does, or the smallest counts', () => {
  assert.equal(ipBytes(pathOf(pair('::', '2001:db8:1::1', { address: '2001:db8::1' }), interfaces)), 9000);
  assert.equal(ipBytes(pathOf(pair('0.0.0.0', '203.0.113.1', { type: 'srflx', address: '203.0.113.9', relatedAddress: '192.0.2.1' }), interfaces)), 1500);
  assert.equal(ipBytes(pathOf(pair('::', '2001:db8:1::1', { type: 'prflx', address: '2001:db8:9::9' }), interfaces)), 1500);
});

test('an interface that does not tell its MTU has 1,500 bytes, and loopback 16,384', () => {
  assert.equal(ipBytes(pathOf(pair('198.51.100.7', '203.0.113.1'), interfaces)), 1500);
  assert.equal(ipBytes(pathOf(pair('10.0.0.1', '203.0.113.1'), [])), 1500);
  assert.equal(ipBytes(pathOf(pair('127.0.0.1', '127.0.0.1'), [])), 16_384);
});

test('a relay adds its own headers, and a configured bound counts the whole UDP payload', () => {
  const relayed = pathOf(pair('192.0.2.1', '203.0.113.1', { type: 'relay', address: '203.0.113.5', relatedAddress: '192.0.2.1' }), interfaces);
  assert.equal(ipBytes(relayed), 1500);
  assert.ok((relayed.overheadBytes ?? 0) >= 20 + 8 + 37 + 36);
  assert.equal(pathOf(pair('192.0.2.1', '203.0.113.1'), interfaces, 1400).maxMtuBytes, 1400 - 37);
});
