import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { type AddressScope, addressFromBytes, addressToBytes, canonicalAddress, DecodeError, familyOf, formatAddress, sameAddress, scopeOf } from '../../../src/core/index.ts';

test('only text that is an address is one', () => {
  const refused = [
    '', ' ', '127.1', '0x7f000001', '2130706433', '0177.0.0.1', '01.2.3.4', '1.2.3.4 ', ' 1.2.3.4', '1.2.3.4\n', '1.2.3.256', '1.2.3', '1.2.3.4.5',
    '1.2.3.4%eth0', '1..2.3', '-1.2.3.4', '１.2.3.4', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', '::00001', 'g::', '[::1]', '::1/64',
    'fe80::1%', 'fe80::1%a b', 'fe80::%1%2', '::ffff:999.1.1.1', '::ffff:127.1', '::ffff:01.2.3.4', '::1.2.3.4:5', '1.2.3.4::', '1:2:3:4:5:6:7:1.2.3.4',
    'localhost', 'example.org', 'a.local', '::ffff:0x7f.1', '0.0.0.0.', '__proto__', '::1\0',
  ];
  for (const text of refused) assert.equal(canonicalAddress(text), undefined, JSON.stringify(text));
});

test('an address has one text (RFC 5952), IPv4-mapped ones the text of IPv4, and zones stay', () => {
  const canonical: Readonly<Record<string, string>> = {
    '192.0.2.1': '192.0.2.1',
    '0.0.0.0': '0.0.0.0',
    '255.255.255.255': '255.255.255.255',
    '0:0:0:0:0:0:0:0': '::',
    '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1', // the first of two runs (4.2.3)
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1', // a single group is not shortened (4.2.2)
    '2001:0:0:1:0:0:0:1': '2001:0:0:1::1', // the longest run
    '2001:db8::0:1': '2001:db8::1',
    'FE80::1%eth0': 'fe80::1%eth0',
    '::ffff:192.0.2.1': '192.0.2.1',
    '::FFFF:127.0.0.1': '127.0.0.1',
    '::ffff:c000:201': '192.0.2.1',
    '0:0:0:0:0:ffff:10.0.0.1': '10.0.0.1',
    '::1.2.3.4': '::102:304', // IPv4-compatible is not IPv4-mapped
    '64:ff9b::192.0.2.1': '64:ff9b::c000:201',
    '1:2:3:4:5:6:1.2.3.4': '1:2:3:4:5:6:102:304',
  };
  for (const [text, expected] of Object.entries(canonical)) assert.equal(canonicalAddress(text), expected, text);
});

/** RFC 5952 4, step by step. */
function referenceText(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] as number) << 8) | (bytes[i + 1] as number));
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > best.length) best = { at, length };
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return best.at < 0 ? text(groups) : `${text(groups.slice(0, best.at))}::${text(groups.slice(best.at + best.length))}`;
}

const ipv6 = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.nat(0xffff) }), { minLength: 8, maxLength: 8 }).map((groups) =>
  Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])),
);

test('bytes and text of an address go both ways, and canonical text is a fixed point', () => {
  fc.assert(fc.property(ipv6, (bytes) => {
    const text = addressFromBytes(bytes);
    const mapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
    assert.equal(text, mapped ? [...bytes.subarray(12)].join('.') : referenceText(bytes));
    assert.equal(canonicalAddress(text), text);
    assert.deepEqual(addressToBytes(text), mapped ? bytes.slice(12) : bytes);
    assert.equal(familyOf(text), mapped ? 4 : 6);
    const long = Buffer.from(bytes).toString('hex').toUpperCase().match(/.{4}/g)?.join(':') as string;
    assert.equal(canonicalAddress(long), text);
    assert.notEqual(scopeOf(text), undefined);
  }), { numRuns: 1000 });
  fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
    const text = addressFromBytes(bytes);
    assert.equal(text, bytes.join('.'));
    assert.equal(canonicalAddress(text), text);
    assert.equal(canonicalAddress(`::ffff:${text}`), text);
    assert.deepEqual(addressToBytes(text), bytes);
    assert.equal(scopeOf(`::ffff:${text}`), scopeOf(text));
  }));
});

test('bytes that are neither 4 nor 16 are a DecodeError', () => {
  for (const length of [0, 1, 3, 5, 15, 17, 32]) assert.throws(() => addressFromBytes(new Uint8Array(length)), DecodeError);
});

test('A-ICE-01 the scope of an address is that of the place it leads to', () => {
  const scopes: Readonly<Record<AddressScope, readonly string[]>> = {
    unspecified: ['0.0.0.0', '0.1.2.3', '::', '::7f00:1', '::102:304', '64:ff9b::'],
    loopback: ['127.0.0.1', '127.255.255.254', '::1', '64:ff9b::7f00:1', '2002:7f00:1::'],
    'link-local': ['169.254.169.254', 'fe80::1', 'fe80::1%eth0', 'febf::1', '64:ff9b::a9fe:a9fe'],
    multicast: ['224.0.0.251', '239.255.255.255', 'ff02::fb', 'ff0e::1', '64:ff9b::e000:1'],
    broadcast: ['255.255.255.255'],
    unicast: ['10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', '192.0.2.1', '8.8.8.8', 'fc00::1', 'fd12::1', '2001:db8::1', '2a00::1', '64:ff9b::808:808', '1::'],
  };
  for (const [scope, addresses] of Object.entries(scopes)) for (const address of addresses) assert.equal(scopeOf(address), scope, address);
});

test('A-JS-11 long text is refused at once, whatever it is made of', () => {
  const started = performance.now();
  for (const unit of ['1', ':', '.', '%', '1.', '1:', '::', '%1', 'f:', '0', ' ', 'ffff:', '1.1.1.1:', '[']) {
    for (const size of [60, 64, 65, 65_536]) assert.equal(canonicalAddress(unit.repeat(Math.ceil(size / unit.length))), undefined, unit);
    assert.equal(canonicalAddress(`fe80::1%${unit.repeat(65_536)}`), undefined);
  }
  assert.ok(performance.now() - started < 1000);
});

test('an address is written with its port, IPv6 in brackets', () => {
  assert.equal(formatAddress({ address: '192.0.2.1', port: 3478 }), '192.0.2.1:3478');
  assert.equal(formatAddress({ address: '2001:db8::1', port: 1 }), '[2001:db8::1]:1');
});

test('two transport addresses are the same when address and port are', () => {
  const a = { address: '192.0.2.1', port: 1 };
  assert.equal(sameAddress(a, a), true);
  assert.equal(sameAddress(a, { ...a }), true);
  assert.equal(sameAddress(a, { ...a, port: 2 }), false);
  assert.equal(sameAddress(a, { ...a, address: '192.0.2.2' }), false);
});

test('IPv4 text is read as the address library reads four decimal parts, or refused as it refuses', () => {
  const part = fc.oneof(fc.integer({ min: 0, max: 300 }).map(String), fc.constantFrom('', '0', '00', '01', '255', '256', ' 1', '+1', '-1', '1e1', '٣'));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const text = parts.join('.');
      const expected = ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : undefined;
      assert.equal(canonicalAddress(text), expected?.toString());
      if (expected === undefined) return;
      assert.deepEqual([...addressToBytes(text)], expected.toByteArray());
      assert.equal(addressFromBytes(Uint8Array.from(expected.toByteArray())), text);
      const scopes: Readonly<Record<string, string>> = { linkLocal: 'link-local', loopback: 'loopback', multicast: 'multicast', unspecified: 'unspecified', broadcast: 'broadcast' };
      assert.equal(scopeOf(text), scopes[expected.range()] ?? 'unicast');
    }),
    { numRuns: 3000, seed: 7 },
  );
});
