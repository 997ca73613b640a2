import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Datagram, earlier, type Environment, SparseQueue } from '../../../src/core/index.ts';
import { Certificate, DtlsMachine } from '../../../src/dtls/index.ts';
import { generateIceCredentials, type IceCandidate, type IceCredentials } from '../../../src/ice/index.ts';
import { reproducibleCrypto } from '../../../src/crypto/reproducible.ts';
import type { PeerConfig, PeerEvent } from '../../../src/peer/index.ts';
import { ConnectionStates } from '../../../src/peer/connection-states.ts';
import { Connectivity, type ConnectivityEffect } from '../../../src/peer/connectivity.ts';
import { seededRandom } from '../../support/fuzz.ts';

const CONFIG: PeerConfig = { iceServers: [], iceTransportPolicy: 'all', bundlePolicy: 'balanced', certificates: [] };

/** One end of a way, which is looked at after every step: what it remembers must be what its parts say. */
class Side {
  readonly environment: Environment;
  readonly certificate: Certificate;
  readonly credentials: IceCredentials;
  readonly connectivity: Connectivity;
  readonly candidates: IceCandidate[] = [];
  readonly local: Datagram['local'];
  deadlines = 0;

  constructor(seed: number, address: string) {
    this.environment = { crypto: reproducibleCrypto, random: seededRandom(seed), unixOffsetMs: 1_700_000_000_000 };
    this.certificate = Certificate.generate({ now: 0 }, this.environment);
    this.credentials = generateIceCredentials(this.environment.random);
    this.local = { address, port: 5000 };
    this.connectivity = new Connectivity(CONFIG, this.certificate, this.environment);
  }

  /** Does something, takes the events it caused, and compares. */
  step<T>(act: (connectivity: Connectivity) => T, now: number): T {
    const { connectivity } = this;
    this.#compare(); // the answers are remembered before
    const result = act(connectivity);
    this.#compare();
    for (let event = connectivity.pollGathererEvent(); event; event = connectivity.pollGathererEvent()) {
      this.#compare();
      if (event.type === 'complete') connectivity.endOfLocalCandidates(now);
      if (event.type !== 'candidate') continue;
      connectivity.addLocalCandidate(event.candidate, now);
      this.candidates.push(event.candidate);
      this.#compare();
    }
    while (connectivity.pollIceEvent(now)) this.#compare();
    while (connectivity.pollDtlsEvent()) this.#compare();
    this.#compare();
    return result;
  }

  apply(effect: ConnectivityEffect, now: number): void {
    this.step((connectivity) => connectivity.apply(effect, now), now);
  }

  send(now: number): Datagram[] {
    const sent: Datagram[] = [];
    for (let datagram = this.connectivity.pollWrite(); datagram; datagram = this.connectivity.pollWrite()) sent.push({ ...datagram, bytes: datagram.bytes.slice() });
    const { transport, gathering } = this.connectivity;
    assert.equal(transport.pollWrite() ?? gathering.pollWrite(), undefined, 'it has nothing left when it says so');
    assert.equal(this.connectivity.isWritable, transport.isWritable);
    this.step((connectivity) => connectivity.handleTimeout(now), now);
    return sent;
  }

  #compare(): void {
    const { transport, gathering } = this.connectivity;
    const said = this.connectivity.pollTimeout();
    assert.deepEqual(said, earlier(transport.pollTimeout(), gathering.pollTimeout()));
    if (said !== undefined) this.deadlines++;
  }
}

/** Two ends with DTLS up between them. */
function connect(): { readonly a: Side; readonly b: Side; now: number; exchange(): void } {
  const pair = { a: new Side(1, '10.0.0.1'), b: new Side(2, '10.0.0.2'), now: 0, exchange };
  const { a, b } = pair;
  const interfaces = [a, b].map(({ local }) => ({ address: local.address, family: 4 as const, isLoopback: false }));
  for (const side of [a, b]) {
    side.apply({ type: 'gather', credentials: side.credentials, controlling: side === a }, 0);
    side.step((connectivity) => connectivity.handleEvent({ type: 'socket', local: side.local, interfaces: interfaces.filter(({ address }) => address === side.local.address) }, 0), 0);
    side.step((connectivity) => connectivity.handleEvent({ type: 'sockets-done' }, 0), 0);
  }
  for (const [side, other] of [[a, b], [b, a]] as const) {
    side.apply({ type: 'remote-ice', credentials: other.credentials, lite: false, candidates: other.candidates, endOfCandidates: false, restarted: false }, 0);
    side.apply({ type: 'remote-end-of-candidates' }, 0);
    side.apply({ type: 'transport', dtlsRole: side === a ? 'client' : 'server', remoteFingerprints: [other.certificate.fingerprint()], iceControlling: side === a }, 0);
  }
  function exchange(): void {
    for (let round = 0; round < 100; round++, pair.now += 10) {
      for (const [side, other] of [[a, b], [b, a]] as const) {
        for (const { bytes } of side.send(pair.now)) other.step((connectivity) => connectivity.handleRead({ bytes, local: other.local, remote: side.local }, pair.now), pair.now);
      }
    }
  }
  exchange();
  return pair;
}

test('what gathering, ICE and DTLS wait for is remembered, and forgotten whenever one of them changes', () => {
  const { a, b } = connect();
  for (const side of [a, b]) {
    assert.equal(side.connectivity.transport.dtlsState, 'connected');
    assert.equal(side.connectivity.pollWrite(), undefined);
    assert.equal(side.connectivity.isWritable, true);
    assert.ok(side.deadlines > 100);
  }
});

test('data passes without a question to gathering or ICE, and what is not a record of data is left to them (RFC 7983)', () => {
  const pair = connect();
  const { a, b } = pair;
  const packet = new Uint8Array(DtlsMachine.HEADROOM + 4 + DtlsMachine.TAILROOM).subarray(DtlsMachine.HEADROOM, DtlsMachine.HEADROOM + 4);
  const sealed = a.connectivity.transport.seal(packet.fill(7)) as Datagram;
  const genuine = sealed.bytes.slice();
  const deadline = b.connectivity.pollTimeout();
  assert.equal(b.connectivity.handleData({ bytes: genuine, local: b.local, remote: a.local }, pair.now), true);
  assert.deepEqual(b.connectivity.transport.pollRead(), new Uint8Array(4).fill(7));
  assert.equal(b.connectivity.pollTimeout(), deadline, 'the very same answer');
  assert.equal(b.connectivity.handleData({ bytes: Uint8Array.of(0, 1, 0, 0), local: b.local, remote: a.local }, pair.now), false);
});

test('a restart, its rollback, and a close each change what there is to wait for (RFC 8445 9)', () => {
  const pair = connect();
  const { a } = pair;
  a.apply({ type: 'ice-restart', credentials: generateIceCredentials(a.environment.random) }, pair.now);
  a.apply({ type: 'ice-rollback', credentials: a.credentials }, pair.now);
  pair.exchange();
  assert.equal(a.connectivity.transport.dtlsState, 'connected');
  assert.equal(a.connectivity.pollWrite(), undefined);
  a.connectivity.closeDtls(pair.now);
  assert.equal(a.send(pair.now).length, 1, 'close_notify');
  a.step((connectivity) => connectivity.closeIce(pair.now), pair.now);
  assert.deepEqual(a.send(pair.now), []);
  assert.equal(a.connectivity.isWritable, false);
  assert.equal(a.connectivity.pollTimeout(), undefined);
  a.step((connectivity) => connectivity.reset(), pair.now);
  assert.equal(a.connectivity.transport.iceState, 'new');
});

test('what is sent counts for the pair that it went over, checks apart (webrtc-stats RTCIceCandidatePairStats)', () => {
  const { a } = connect();
  const { transport } = a.connectivity;
  const pair = transport.selectedPair!;
  const { packetsSent, bytesSent } = transport.traffic;
  assert.ok(packetsSent > 0 && bytesSent > 100 * packetsSent);
  assert.deepEqual(transport.sentOver(pair), { packetsSent, bytesSent }, 'the handshake went over what became the pair');
  transport.address(new Uint8Array(77));
  assert.deepEqual(transport.sentOver(pair), { packetsSent: packetsSent + 1, bytesSent: bytesSent + 77 });
  const unused = { ...pair };
  assert.deepEqual(transport.sentOver(unused), { packetsSent: 0, bytesSent: 0 });
});

test('each change of a state is told once, and closing is not told of (W3C WebRTC 4.3.3, 4.4.1.10)', () => {
  const events = new SparseQueue<PeerEvent>();
  const states = new ConnectionStates(events);
  states.setGathering('new');
  states.join('new');
  assert.equal(events.shift(), undefined);
  states.setGathering('gathering');
  states.setIce('checking');
  states.setIce('checking');
  states.join('new');
  states.join('connecting');
  assert.deepEqual([events.shift(), events.shift(), events.shift(), events.shift()], [
    { type: 'ice-gathering-state', state: 'gathering' },
    { type: 'ice-connection-state', state: 'checking' },
    { type: 'connection-state', state: 'connecting' },
    undefined,
  ]);
  states.setIce('connected');
  states.join('connected');
  assert.equal(states.connection, 'connected');
  events.clear();
  states.close();
  assert.equal(events.shift(), undefined);
  assert.deepEqual([states.ice, states.connection, states.gathering], ['closed', 'closed', 'gathering']);
});
