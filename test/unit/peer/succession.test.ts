import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datagram } from '../../../src/core/index.ts';
import { reproducibleCrypto } from '../../../src/crypto/reproducible.ts';
import { Certificate, DtlsMachine } from '../../../src/dtls/index.ts';
import { seededRandom } from '../../support/fuzz.ts';
import { MovingPair } from '../../support/moving-pair.ts';

// A peer that rejects the section that its transport belongs to, and makes another transport for the next one.

const OFFERERS = ['peer', 'end'] as const;

const isHandshake = ({ bytes }: Datagram): boolean => bytes[0] === 22;

/** Lets both say something, and looks whether it comes. */
function talk(pair: MovingPair, what: string): void {
  pair.runUntil(() => pair.end.isOpen);
  const [before, shown] = [pair.texts.length, pair.end.opened];
  pair.send(`to the end: ${what}`);
  pair.end.send(`to the peer: ${what}`, pair.now);
  assert.ok(pair.show(), `pictures go, ${what}`);
  pair.run(1000);
  assert.equal(pair.end.texts.at(-1), `to the end: ${what}`);
  assert.deepEqual(pair.texts.slice(before), [`to the peer: ${what}`]);
  assert.equal(pair.end.opened, shown + 1, `a picture came, ${what}`);
  assert.deepEqual(pair.channelEvents, []);
}

/** Somebody with a certificate of his own who may send from where the end is. */
function stranger(seed: number) {
  const environment = { crypto: reproducibleCrypto, random: seededRandom(seed), unixOffsetMs: 1_700_000_000_000 };
  return new DtlsMachine({ role: 'client', certificate: Certificate.generate({ now: 0 }, environment), remoteFingerprints: undefined }, environment);
}

/** Everything a machine has to say, as it comes from an address. */
function said(machine: DtlsMachine, local: Datagram['local']): Datagram[] {
  const datagrams: Datagram[] = [];
  for (let bytes = machine.pollWrite(); bytes; bytes = machine.pollWrite()) datagrams.push({ bytes, local: { ...local }, remote: { address: '10.0.0.1', port: 5000 } });
  return datagrams;
}

for (const offers of OFFERERS) {
  const role = offers === 'peer' ? 'server' : 'client';
  test(`as ${role} of DTLS: pictures and the channel go on over a second association (RFC 8842 5.5)`, () => {
    const pair = new MovingPair(offers);
    talk(pair, 'before');
    assert.equal(transportStats(pair).dtlsState, 'connected');
    pair.reject('end');
    pair.deliver(pair.end.move(pair.now));
    assert.deepEqual([transportStats(pair).dtlsState, pair.peer.connectionState], ['connecting', 'connecting']);
    assert.equal(pair.show(), false, 'nobody could read it');
    pair.send('while there was nobody');
    pair.runUntil(() => pair.peer.connectionState === 'connected', 500);
    talk(pair, 'after');
    assert.deepEqual(pair.end.texts, ['to the end: before', 'while there was nobody', 'to the end: after']);
    assert.deepEqual(pair.states, ['connecting', 'connected', 'connecting', 'connected']);
  });

  test(`as ${role}: where the peer keeps the association of SCTP, so do we`, () => {
    const pair = new MovingPair(offers);
    talk(pair, 'before');
    pair.reject('end');
    pair.deliver(pair.end.move(pair.now, { keepsAssociation: true }));
    pair.send('while there was nobody');
    pair.runUntil(() => pair.peer.connectionState === 'connected', 3000);
    pair.runUntil(() => pair.end.texts.length === 2);
    talk(pair, 'after');
    assert.deepEqual(pair.end.texts, ['to the end: before', 'while there was nobody', 'to the end: after']);
  });

  for (const keepsAssociation of [false, true]) {
    test(`as ${role}: a peer whose goodbye was lost is found where it is${keepsAssociation ? ', with its association of SCTP' : ''}`, () => {
      const pair = new MovingPair(offers);
      talk(pair, 'before');
      pair.reject('end');
      pair.end.move(pair.now, { keepsAssociation });
      pair.send('into the void');
      assert.ok(pair.show(), 'as far as we know');
      pair.runUntil(() => pair.end.transport.dtlsState === 'connected' && pair.end.isOpen, 6000);
      pair.runUntil(() => pair.end.texts.length === 2, 6000);
      talk(pair, 'after');
      assert.deepEqual(pair.end.texts, ['to the end: before', 'into the void', 'to the end: after']);
      assert.deepEqual(pair.states, ['connecting', 'connected'], 'nothing was seen of it');
    });
  }
}

function transportStats({ peer, now }: MovingPair): { readonly dtlsState?: string } {
  for (const stats of peer.stats(now).values()) if (stats.type === 'transport') return stats;
  return {};
}

test('a peer that moves again is followed again, be the first time over or not', () => {
  for (const isOver of [true, false]) {
    const pair = new MovingPair('peer');
    talk(pair, 'before');
    pair.reject('end');
    pair.deliver(pair.end.move(pair.now));
    if (isOver) {
      pair.runUntil(() => pair.peer.connectionState === 'connected');
      talk(pair, 'after the first time');
    } else {
      pair.filter = (datagram, from) => from === 'end' || datagram.bytes[13] !== 2; // no ServerHello arrives
      pair.run(500);
      pair.filter = () => true;
    }
    pair.reject('end', ['video']); // the channel is left
    const said = pair.end.move(pair.now);
    if (isOver) pair.deliver(said);
    pair.send('after the second time');
    pair.runUntil(() => pair.end.texts.at(-1) === 'after the second time');
    assert.deepEqual([pair.channelEvents, pair.peer.connectionState], [[], 'connected']);
  }
});

test('a peer that rejects the section and stays where it is notices nothing, nor does anybody else', () => {
  for (const offers of OFFERERS) {
    const pair = new MovingPair(offers);
    talk(pair, 'before');
    const handshakes = pair.log.filter(({ datagram }) => isHandshake(datagram)).length;
    pair.reject('end');
    pair.run(30_000);
    talk(pair, 'after');
    assert.equal(pair.log.filter(({ datagram }) => isHandshake(datagram)).length, handshakes, 'no handshake');
    assert.deepEqual(pair.states, ['connecting', 'connected']);
  }
});

test('the goodbye of a peer that never comes back holds after 20 s', () => {
  const pair = new MovingPair('peer');
  talk(pair, 'before');
  pair.reject('end');
  pair.deliver(pair.end.move(pair.now));
  pair.filter = (datagram) => !isHandshake(datagram);
  pair.run(19_000);
  assert.deepEqual([pair.channelEvents, pair.peer.connectionState], [[], 'connecting']);
  pair.run(2000);
  assert.deepEqual([pair.channelEvents, pair.peer.connectionState, transportStats(pair).dtlsState], [['channel-closed'], 'connected', 'closed'], 'as W3C has it for a closed DTLS transport');
  assert.equal(pair.show(), false);
});

test('a goodbye holds at once when nothing was agreed upon that could move the peer', () => {
  for (const negotiate of [() => {}, (pair: MovingPair) => pair.negotiate('peer'), (pair: MovingPair) => pair.peer.setLocalDescription(undefined, pair.now)]) {
    const pair = new MovingPair('peer');
    talk(pair, 'before');
    negotiate(pair);
    pair.deliver(pair.end.move(pair.now));
    assert.deepEqual([pair.channelEvents, transportStats(pair).dtlsState], [['channel-closed'], 'closed']);
  }
});

test('A-DTLS-14 outside of the window a hello to an association that is up gets no answer', () => {
  for (const when of ['before', 'after'] as const) {
    const pair = new MovingPair('peer');
    talk(pair, 'before');
    if (when === 'after') {
      pair.reject('end');
      pair.run(21_000);
    }
    const attacker = stranger(77);
    attacker.start(pair.now);
    const from = pair.log.length;
    pair.deliver(said(attacker, pair.end.address));
    pair.run(200);
    assert.deepEqual(pair.log.slice(from).filter(({ from: who, datagram }) => who === 'peer' && isHandshake(datagram)), []);
    talk(pair, 'as if nothing had happened');
  }
});

test('A-DTLS-05 inside the window a second certificate that was not signalled gets nowhere, and the association in use goes on', () => {
  const pair = new MovingPair('peer');
  talk(pair, 'before');
  pair.reject('end');
  const attacker = stranger(78);
  attacker.start(pair.now);
  let answers = 0;
  pair.filter = (datagram, from) => {
    if (from !== 'peer' || ![20, 21, 22].includes(datagram.bytes[0]!)) return true;
    answers++;
    attacker.handleRead(datagram.bytes, pair.now);
    return false;
  };
  for (let step = 0; step < 200; step++) {
    pair.deliver(said(attacker, pair.end.address));
    attacker.handleTimeout(pair.now);
    pair.run(100);
    if (step % 50 === 0) talk(pair, `at step ${step}`);
  }
  assert.ok(answers >= 2, 'it was let in as far as its certificate');
  assert.equal(attacker.state, 'failed');
  assert.deepEqual(pair.states, ['connecting', 'connected']);
});

test('A-DTLS-13 inside the window a hello without a cookie is answered by less than it was, and changes nothing', () => {
  const pair = new MovingPair('peer');
  talk(pair, 'before');
  pair.reject('end');
  const from = pair.log.length;
  const hellos = Array.from({ length: 50 }, (_, i) => {
    const attacker = stranger(100 + i);
    attacker.start(pair.now);
    return said(attacker, pair.end.address);
  }).flat();
  for (const hello of hellos) {
    pair.deliver([hello]);
    pair.exchange();
  }
  const answers = pair.log.slice(from).filter(({ from: who, datagram }) => who === 'peer' && isHandshake(datagram));
  assert.equal(answers.length, hellos.length);
  for (const { datagram } of answers) assert.ok(datagram.bytes[13] === 3 && datagram.bytes.length <= 60, 'HelloVerifyRequest');
  talk(pair, 'as if nothing had happened');
});

test('hellos of others do not disturb a successor whose client has shown its cookie', () => {
  const pair = new MovingPair('peer');
  talk(pair, 'before');
  pair.reject('end');
  const last = pair.end.move(pair.now);
  let others = 0;
  pair.filter = (datagram, from) => {
    if (from === 'peer' && isHandshake(datagram) && datagram.bytes[13] === 2) {
      const attacker = stranger(200 + others++);
      attacker.start(pair.now);
      pair.deliver(said(attacker, pair.end.address));
    }
    return true;
  };
  pair.deliver(last);
  pair.runUntil(() => pair.peer.connectionState === 'connected', 1000);
  assert.ok(others > 0);
  talk(pair, 'after');
});

test('A-DTLS-20 a successor that stays half done is forgotten when the window closes', () => {
  const pair = new MovingPair('peer');
  talk(pair, 'before');
  pair.reject('end');
  const attacker = stranger(79);
  attacker.start(pair.now);
  pair.filter = (datagram, from) => {
    if (from === 'peer' && isHandshake(datagram) && attacker.state === 'connecting') attacker.handleRead(datagram.bytes, pair.now);
    return from !== 'peer' || !isHandshake(datagram);
  };
  pair.deliver(said(attacker, pair.end.address));
  pair.exchange();
  pair.deliver(said(attacker, pair.end.address)); // with the cookie; then it is silent
  pair.run(21_000);
  const from = pair.log.length;
  pair.run(60_000);
  assert.deepEqual(pair.log.slice(from).filter(({ datagram }) => isHandshake(datagram)), [], 'nothing is said again');
  talk(pair, 'as if nothing had happened');
  assert.deepEqual(pair.states, ['connecting', 'connected']);
});

test('the indices of SRTP begin anew with the keys, and the sequence numbers go on (RFC 3711 3.3.1, 5764 3)', () => {
  const pair = new MovingPair('peer');
  for (let number = 0; number <= 80_000; number += 20_000) {
    assert.ok(pair.show(number & 0xffff));
    pair.run(20);
  }
  assert.equal(pair.end.opened, 5, 'once around');
  pair.reject('end');
  pair.deliver(pair.end.move(pair.now));
  pair.runUntil(() => pair.peer.connectionState === 'connected');
  for (let number = 80_001; number < 80_011; number++) {
    assert.ok(pair.show(number & 0xffff));
    pair.run(20);
  }
  assert.deepEqual([pair.end.opened, pair.end.refused], [10, 0]);
});

test('everything that was written on a reliable channel arrives in order, whatever was on its way when the peer went', () => {
  for (const keepsAssociation of [false, true]) {
    const pair = new MovingPair('peer');
    talk(pair, 'before');
    pair.end.texts.length = 0;
    const expected: string[] = [];
    const write = (count: number, bytes: number): void => {
      for (let i = 0; i < count; i++) {
        const text = `${expected.length} ${'.'.repeat(bytes)}`;
        expected.push(text);
        pair.send(text);
      }
    };
    pair.reject('end');
    pair.filter = (_datagram, from) => from !== 'peer'; // they are on their way, and nobody is there any more
    write(20, 100);
    write(3, 40_000);
    pair.exchange();
    pair.filter = () => true;
    pair.deliver(pair.end.move(pair.now, { keepsAssociation }));
    write(20, 100);
    pair.runUntil(() => pair.end.texts.length >= expected.length, 20_000);
    pair.run(2000);
    assert.deepEqual(pair.end.texts, expected);
    assert.deepEqual(pair.channelEvents, []);
  }
});

for (const offers of OFFERERS) {
  test(`A-DTLS-05 a peer that moves and comes back with another certificate is not followed (as ${offers === 'peer' ? 'server' : 'client'})`, () => {
    const pair = new MovingPair(offers);
    talk(pair, 'before');
    pair.reject('end');
    const environment = { crypto: reproducibleCrypto, random: seededRandom(80), unixOffsetMs: 1_700_000_000_000 };
    pair.deliver(pair.end.move(pair.now, { certificate: Certificate.generate({ now: 0 }, environment) }));
    pair.run(19_000);
    assert.deepEqual([pair.channelEvents, pair.peer.connectionState, pair.show()], [[], 'connecting', false]);
    pair.run(2000);
    assert.deepEqual([pair.channelEvents, transportStats(pair).dtlsState], [['channel-closed'], 'closed']);
    assert.equal(pair.end.opened, 0);
  });
}
