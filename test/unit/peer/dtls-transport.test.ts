import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Certificate, type DtlsConfig, type DtlsEvent } from '../../../src/dtls/index.ts';
import { reproducibleCrypto } from '../../../src/crypto/reproducible.ts';
import { DtlsTransport } from '../../../src/peer/dtls-transport.ts';
import { seeded, seededRandom } from '../../support/fuzz.ts';

type Mangle = (datagram: Uint8Array, from: 'client' | 'server', index: number) => Uint8Array | undefined;

/** Two transports with 20 ms between them; what `mangle` returns arrives, if anything. */
function handshake(mangle: Mangle, overrides: { readonly server?: Partial<DtlsConfig>; readonly seed?: number } = {}) {
  const environment = (seed: number) => ({ crypto: reproducibleCrypto, random: seededRandom(seed), unixOffsetMs: 1_700_000_000_000 });
  const seed = overrides.seed ?? 1;
  const [envC, envS] = [environment(seed * 2), environment(seed * 2 + 1)];
  const [certC, certS] = [Certificate.generate({ now: 0 }, envC), Certificate.generate({ now: 0 }, envS)];
  const client = new DtlsTransport({ role: 'client', certificate: certC, remoteFingerprints: [certS.fingerprint()] }, envC);
  const server = new DtlsTransport({ role: 'server', certificate: certS, remoteFingerprints: [certC.fingerprint()], ...overrides.server }, envS);
  const events: { readonly side: 'client' | 'server'; readonly event: DtlsEvent; readonly at: number }[] = [];
  let wire: { to: DtlsTransport; at: number; datagram: Uint8Array }[] = [];
  let index = 0;
  client.start(0);
  for (let now = 0; now < 60_000 && (client.state !== 'connected' || server.state !== 'connected') && (client.state !== 'failed' || server.state !== 'failed'); now += 5) {
    for (const { to, datagram } of wire.filter(({ at }) => at <= now)) to.handleRead(datagram, now);
    wire = wire.filter(({ at }) => at > now);
    for (const [side, transport, other] of [['client', client, server], ['server', server, client]] as const) {
      transport.handleTimeout(now);
      for (let datagram = transport.pollWrite(); datagram; datagram = transport.pollWrite()) {
        const arriving = mangle(datagram.slice(), side, index++);
        if (arriving) wire.push({ to: other, at: now + 20, datagram: arriving });
      }
      for (let event = transport.pollEvent(); event; event = transport.pollEvent()) events.push({ side, event, at: now });
    }
  }
  return { client, server, events };
}

function flip(datagram: Uint8Array, bit: number): Uint8Array {
  datagram[bit >> 3] = (datagram[bit >> 3] as number) ^ (1 << (bit & 7));
  return datagram;
}

test('a handshake without damage takes one attempt', () => {
  const { client, server, events } = handshake((datagram) => datagram);
  assert.deepEqual([client.state, server.state], ['connected', 'connected']);
  assert.deepEqual(events.map(({ event }) => event.type), ['connected', 'connected']);
});

test('one flipped bit in any of the first datagrams does not end a connection (RFC 6347 4.1.2.7)', () => {
  const next = seeded(3);
  for (let damaged = 0; damaged < 5; damaged++) {
    for (let round = 0; round < 12; round++) {
      const where = next();
      const { client, server, events } = handshake((datagram, _from, index) => (index === damaged ? flip(datagram, Math.floor(where * datagram.length * 8)) : datagram), { seed: round + 1 });
      const told = `datagram ${damaged}, at ${where.toFixed(4)}: ${JSON.stringify(events.map(({ side, event, at }) => [side, event.type, at]))}`;
      assert.equal(client.state, 'connected', told);
      assert.equal(server.state, 'connected', told);
    }
  }
});

test('a connection that is up is not ended by what came before it', () => {
  let damaged = 0;
  const { client, server } = handshake((datagram, from) => (from === 'client' && damaged++ < 2 ? flip(datagram, 8 * 40) : datagram));
  assert.deepEqual([client.state, server.state], ['connected', 'connected']);
  for (let now = 60_000; now < 120_000; now += 1000) {
    client.handleTimeout(now);
    server.handleTimeout(now);
  }
  assert.deepEqual([client.state, server.state], ['connected', 'connected']);
});

test('A-DTLS-05 a certificate that is not the signalled one is refused however often it comes, and both sides hear of it', () => {
  const environment = { crypto: reproducibleCrypto, random: seededRandom(99), unixOffsetMs: 0 };
  const stranger = Certificate.generate({ now: 0 }, environment);
  const { client, server, events } = handshake((datagram) => datagram, { server: { certificate: stranger } });
  assert.deepEqual([client.state, server.state], ['failed', 'failed']);
  assert.ok(!events.some(({ event }) => event.type === 'connected'));
  const failure = events.find(({ side }) => side === 'client')!;
  assert.equal(failure.event.type === 'failed' && failure.event.reason, 'fingerprint');
  assert.ok(failure.at < 2000, `${failure.at} ms`);
  assert.ok(events.find(({ side }) => side === 'server')!.at < 8000);
});

test('A-DTLS-20 a silent peer is given up after 30 s, with one failure', () => {
  const { client, events } = handshake((datagram, from) => (from === 'client' ? undefined : datagram));
  assert.equal(client.state, 'failed');
  const failures = events.filter(({ side }) => side === 'client');
  assert.equal(failures.length, 1);
  assert.ok(failures[0]!.at >= 30_000 && failures[0]!.at < 31_000, `${failures[0]!.at} ms`);
});
