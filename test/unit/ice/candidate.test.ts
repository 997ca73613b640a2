import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RtcError } from '../../../src/core/index.ts';
import { candidatePriority, formatCandidate, generateIceCredentials, type IceCandidate, isIceText, pairPriority, parseCandidate, TYPE_PREFERENCE } from '../../../src/ice/index.ts';
import { seededRandom } from '../../support/fuzz.ts';
import { loadVectors } from '../../support/vectors.ts';

const vectors = loadVectors('ice.json');

test('candidate priorities (RFC 8445 5.1.2.1)', () => {
  for (const v of vectors.candidatePriority) {
    const type = (Object.keys(TYPE_PREFERENCE) as (keyof typeof TYPE_PREFERENCE)[]).find((t) => TYPE_PREFERENCE[t] === v.typePreference);
    assert.equal(candidatePriority(type ?? 'host', v.localPreference, v.component), v.priority);
  }
});

test('A-JS-07 pair priorities are exact in all 64 bits (RFC 8445 6.1.2.3)', () => {
  for (const v of vectors.pairPriority) assert.equal(pairPriority(v.controlling, v.controlled), BigInt(v.pair));
  const u32 = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(u32, u32, (g, d) => {
      const [G, D] = [BigInt(g), BigInt(d)];
      const expected = 2n ** 32n * (G < D ? G : D) + 2n * (G > D ? G : D) + (G > D ? 1n : 0n);
      assert.equal(pairPriority(g, d), expected);
    }),
  );
  assert.equal(pairPriority(0xffffffff, 0xffffffff), (0xffffffffn << 32n) + 2n * 0xffffffffn);
  assert.notEqual(pairPriority(0xfffffffe, 0xffffffff), pairPriority(0xffffffff, 0xfffffffe));
});

for (const v of vectors.candidateLines) {
  test(`candidate line: ${v.source}`, () => {
    for (const prefix of ['', 'a=']) {
      const c = parseCandidate(prefix + v.line);
      assert.equal(c.foundation, v.foundation);
      assert.equal(c.component, v.component);
      assert.equal(c.protocol, v.transport);
      assert.equal(c.priority, v.priority);
      assert.equal(c.address, v.address);
      assert.equal(c.port, v.port);
      assert.equal(c.type, v.type);
      assert.equal(c.relatedAddress, v.raddr);
      assert.equal(c.relatedPort, v.rport);
      assert.equal(c.tcpType, v.tcptype);
      assert.deepEqual(parseCandidate(formatCandidate(c)), c);
    }
  });
}

test('the fragment and unknown extensions are kept', () => {
  const c = parseCandidate(vectors.candidateLines[0].line);
  assert.equal(c.usernameFragment, 'EEtu');
  assert.deepEqual(c.extensions, [
    ['generation', '0'],
    ['network-id', '1'],
  ]);
});

test('any candidate survives being written and read', () => {
  const port = fc.integer({ min: 0, max: 65_535 });
  const arbitrary = fc.record<IceCandidate>({
    foundation: fc.stringMatching(/^[A-Za-z0-9+/]{1,32}$/),
    component: fc.constantFrom(1 as const, 2 as const),
    protocol: fc.constantFrom('udp' as const, 'tcp' as const),
    priority: fc.integer({ min: 0, max: 0xffffffff }),
    address: fc.constantFrom('192.0.2.1', '2001:db8::1', 'abc.local'),
    port,
    type: fc.constantFrom('host' as const, 'srflx' as const, 'prflx' as const, 'relay' as const),
    relatedAddress: fc.constantFrom('10.0.0.1', '::'),
    relatedPort: port,
  });
  fc.assert(fc.property(arbitrary, (c) => assert.deepEqual(parseCandidate(formatCandidate(c)), { ...c })));
});

test('addresses become canonical, a zone stays at home', () => {
  const parse = (address: string): string => parseCandidate(`candidate:1 1 udp 1 ${address} 9 typ host`).address;
  assert.equal(parse('2001:DB8:0:0::1'), '2001:db8::1');
  assert.equal(parse('::ffff:127.0.0.1'), '127.0.0.1');
  assert.equal(parse('ABC.local'), 'abc.local');
  const c = parseCandidate('candidate:1 1 udp 1 fe80::1 9 typ host');
  assert.ok(!formatCandidate({ ...c, address: 'fe80::1%eth0' }).includes('%'));
});

test('what is no candidate is refused with ERR_SDP_SYNTAX', () => {
  const lines = [
    '',
    'candidate:',
    'candidate:1 1 udp 1 192.0.2.1 9 typ',
    'candidate:1 1 udp 1 192.0.2.1 9 type host',
    'candidate:1 1 udp 1 192.0.2.1 9 typ guest',
    'candidate:1 3 udp 1 192.0.2.1 9 typ host',
    'candidate:1 0 udp 1 192.0.2.1 9 typ host',
    'candidate:1 1 sctp 1 192.0.2.1 9 typ host',
    'candidate:1 1 udp -1 192.0.2.1 9 typ host',
    'candidate:1 1 udp 4294967296 192.0.2.1 9 typ host',
    'candidate:1 1 udp 1e3 192.0.2.1 9 typ host',
    'candidate:1 1 udp 1 192.0.2.1 65536 typ host',
    'candidate:1 1 udp 1 192.0.2.1 9 typ host raddr',
    'candidate:1 1 udp 1 192.0.2.1 9 typ host raddr 1.2.3.4 rport x',
    'candidate:1 1 udp 1 192.0.2.1 9 typ host generation',
    'candidate:1 1 udp 1 192.0.2.1 9 typ host tcptype lazy',
    'candidate:1 1 udp 1 127.1 9 typ host',
    'candidate:1 1 udp 1 0x7f000001 9 typ host',
    'candidate:1 1 udp 1 1::2::3 9 typ host',
    'candidate:1 1 udp 1 exa_mple/.local 9 typ host',
    'candidate:1 1 udp 1 192.0.2.1 9 typ host x a\r\na=b',
    'candidate:é 1 udp 1 192.0.2.1 9 typ host',
    `candidate:${'1'.repeat(2000)} 1 udp 1 192.0.2.1 9 typ host`,
  ];
  for (const line of lines) {
    assert.throws(() => parseCandidate(line), (e) => e instanceof RtcError && e.code === 'ERR_SDP_SYNTAX', line);
  }
});

test('credentials are of ice-char, long enough, and new each time (RFC 8445 5.3)', () => {
  const random = seededRandom(1);
  const seen = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const { usernameFragment, password } = generateIceCredentials(random);
    assert.ok(isIceText(usernameFragment, 4, 256));
    assert.ok(isIceText(password, 22, 256));
    seen.add(usernameFragment).add(password);
  }
  assert.equal(seen.size, 200);
});
