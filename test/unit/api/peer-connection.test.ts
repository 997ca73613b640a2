import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeerConnection, type PeerConnection, PeerConnectionBuilder, type PeerConnectionEvent, RtcError } from '../../../src/api/index.ts';
import { connected } from '../../../src/api/connected.ts';
import type { ConnectionState } from '../../../src/peer/index.ts';
import { connectPair, negotiate, trickle, within } from '../../support/peers.ts';

const LOOPBACK = { udpAddrs: ['127.0.0.1:0'] };

/** Everything a caller can see of a connection's negotiation. */
function snapshot(pc: PeerConnection): unknown {
  return [pc.signalingState, pc.localDescription, pc.remoteDescription, pc.pendingLocalDescription, pc.pendingRemoteDescription, pc.currentLocalDescription, pc.currentRemoteDescription, pc.connectionState];
}

async function refuses(pc: PeerConnection, code: string, call: () => Promise<unknown>): Promise<void> {
  const before = snapshot(pc);
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof RtcError, String(error));
    assert.equal(error.code, code);
    assert.ok(error.message.length > 10);
    return true;
  });
  assert.deepEqual(snapshot(pc), before);
}

test('the states go through the W3C sequence on both sides (W3C 4.3)', async () => {
  const log = { a: [] as string[], b: [] as string[] };
  const watch = (list: string[]) => ({
    onSignalingStateChange: (state: string) => void list.push(`signaling ${state}`),
    onIceConnectionStateChange: (state: string) => void list.push(`ice ${state}`),
    onIceGatheringStateChange: (state: string) => void list.push(`gathering ${state}`),
    onConnectionStateChange: (state: string) => void list.push(`connection ${state}`),
  });
  const pair = await connectPair({ a: { handler: watch(log.a) }, b: { handler: watch(log.b) } });
  const of = (list: string[], kind: string): string[] => list.filter((line) => line.startsWith(kind)).map((line) => line.slice(kind.length + 1));
  assert.deepEqual(of(log.a, 'signaling'), ['have-local-offer', 'stable']);
  assert.deepEqual(of(log.b, 'signaling'), ['have-remote-offer', 'stable']);
  for (const list of [log.a, log.b]) {
    assert.deepEqual(of(list, 'gathering'), ['gathering', 'complete']);
    assert.deepEqual(of(list, 'connection'), ['connecting', 'connected']);
    assert.equal(of(list, 'ice')[0], 'checking');
    assert.ok(of(list, 'ice').includes('connected') || of(list, 'ice').includes('completed'));
  }
  assert.equal(pair.a.connectionState, 'connected');
  assert.equal(pair.a.selectedCandidatePair?.local.address, '127.0.0.1');
  await pair.close();
  assert.equal(pair.a.connectionState, 'closed');
  assert.equal(pair.a.signalingState, 'closed');
  assert.equal(pair.a.iceConnectionState, 'closed');
});

test('the builder builds what its short form does', async () => {
  let channels = 0;
  const b = await new PeerConnectionBuilder()
    .withConfiguration({ iceServers: [] })
    .withSettings({ maxMessageSizeBytes: 1000 })
    .withUdpAddrs(['127.0.0.1:0'])
    .withHandler({ onDataChannel: () => void channels++ })
    .build();
  const a = await createPeerConnection(LOOPBACK);
  void trickle(a, b);
  void trickle(b, a);
  const channel = a.createDataChannel('x');
  await negotiate(a, b);
  await within(channel.opened, 10_000, 'open');
  assert.throws(() => channel.trySend(new Uint8Array(1001)), { code: 'ERR_MESSAGE_TOO_LARGE' });
  await within(until(() => channels === 1), 5000, 'the incoming channel');
  await Promise.all([a.close(), b.close()]);
});

test('bad options are typed errors', async () => {
  for (const options of [
    { configuration: 5 },
    { configuration: { iceServers: 'stun:x' } },
    { configuration: { iceServers: [{ urls: 'http://example.org' }] } },
    { configuration: { iceServers: [{ urls: 'stun:' }] } },
    { configuration: { iceTransportPolicy: 'some' } },
    { configuration: { certificates: [{}] } },
    { udpAddrs: ['127.0.0.1'] },
    { udpAddrs: ['localhost:0'] },
    { udpAddrs: ['127.0.0.1:65536'] },
    { settings: { maxMessageSizeBytes: -1 } },
    { settings: { mtuBytes: 10 } },
  ]) {
    await assert.rejects(createPeerConnection(options as never), (error: unknown) => error instanceof RtcError && error.code === 'ERR_INVALID_ARGUMENT', JSON.stringify(options));
  }
  const first = await createPeerConnection({ udpAddrs: ['127.0.0.1:0'] });
  await first.setLocalDescription(await (first.createDataChannel('x'), first.createOffer()));
  await assert.rejects(createPeerConnection({ udpAddrs: ['192.0.2.1:0'] }), { code: 'ERR_NETWORK' });
  await first.close();
});

test('bad data channel options are typed errors (W3C 6.1)', async () => {
  const pc = await createPeerConnection(LOOPBACK);
  const bad: [unknown, unknown][] = [
    [5, {}],
    ['x', { maxRetransmits: 1, maxPacketLifeTime: 1 }],
    ['x', { maxRetransmits: -1 }],
    ['x', { maxRetransmits: 65_536 }],
    ['x', { maxPacketLifeTime: 1.5 }],
    ['x', { negotiated: true }],
    ['x', { negotiated: true, id: 65_535 }],
    ['x', { protocol: 5 }],
    ['é'.repeat(32_768), {}],
  ];
  for (const [label, init] of bad) {
    assert.throws(
      () => pc.createDataChannel(label as string, init as object),
      (error: unknown) => error instanceof RtcError && error.code === 'ERR_INVALID_ARGUMENT',
      JSON.stringify(init),
    );
  }
  pc.createDataChannel('x', { negotiated: true, id: 1 });
  assert.throws(() => pc.createDataChannel('x', { negotiated: true, id: 1 }), RtcError);
  await pc.close();
  assert.throws(() => pc.createDataChannel('x'), { code: 'ERR_CLOSED' });
});

test('bad descriptions and candidates are typed errors and leave the connection as it was', async () => {
  const { a, b, channelA, channelB, close } = await connectPair();
  await refuses(a, 'ERR_SDP_SYNTAX', () => a.setRemoteDescription({ type: 'offer', sdp: 'v=0\r\nnonsense' }));
  await refuses(a, 'ERR_INVALID_STATE', () => a.setRemoteDescription({ type: 'answer', sdp: b.localDescription!.sdp }));
  await refuses(a, 'ERR_INVALID_STATE', () => a.createAnswer());
  await refuses(a, 'ERR_INVALID_ARGUMENT', () => a.setRemoteDescription({ type: 'nonsense' as never, sdp: '' }));
  await refuses(a, 'ERR_SDP_SYNTAX', () => a.addIceCandidate({ candidate: 'candidate:broken', sdpMid: '0' }));
  await refuses(a, 'ERR_OPERATION', () => a.addIceCandidate({ candidate: 'candidate:1 1 udp 1 192.0.2.1 5000 typ host', sdpMid: 'nowhere' }));
  const offer = await a.createOffer();
  await refuses(a, 'ERR_INVALID_MODIFICATION', () => a.setLocalDescription({ type: 'offer', sdp: offer.sdp.replace('a=setup:actpass', 'a=setup:active') }));
  const fresh = await createPeerConnection(LOOPBACK);
  await refuses(fresh, 'ERR_INVALID_STATE', () => fresh.addIceCandidate({ candidate: 'candidate:1 1 udp 1 192.0.2.1 5000 typ host', sdpMid: '0' }));
  await fresh.close();
  await channelA.send('still connected');
  assert.deepEqual([await channelB.poll(), await channelB.poll()].at(-1), { type: 'message', data: 'still connected' });
  await close();
});

test('after close every operation is refused with ERR_CLOSED, and close can be repeated', async () => {
  const pc = await createPeerConnection(LOOPBACK);
  await pc.close();
  await pc.close();
  for (const call of [() => pc.createOffer(), () => pc.createAnswer(), () => pc.setLocalDescription(), () => pc.setRemoteDescription({ type: 'offer', sdp: '' }), () => pc.addIceCandidate(null)]) {
    await assert.rejects(call(), { code: 'ERR_CLOSED' });
  }
  assert.throws(() => pc.setConfiguration({}), { code: 'ERR_CLOSED' });
});

test('negotiationneeded comes once per need and only when stable (W3C 4.7.3)', async () => {
  let needed = 0;
  const a = await createPeerConnection({ ...LOOPBACK, handler: { onNegotiationNeeded: () => void needed++ } });
  const b = await createPeerConnection(LOOPBACK);
  void trickle(a, b);
  void trickle(b, a);
  const channel = a.createDataChannel('one');
  a.createDataChannel('two');
  await turn();
  assert.equal(needed, 1);
  await negotiate(a, b);
  await within(channel.opened, 10_000, 'open');
  a.createDataChannel('three'); // the section is there already
  await turn();
  assert.equal(needed, 1);
  a.restartIce();
  await turn();
  assert.equal(needed, 2);
  await Promise.all([a.close(), b.close()]);
});

test('operations run in the order of the calls without being awaited (W3C 4.4.1.2)', async () => {
  const a = await createPeerConnection(LOOPBACK);
  const b = await createPeerConnection(LOOPBACK);
  a.createDataChannel('x');
  const offer = a.createOffer();
  const setLocal = a.setLocalDescription();
  assert.equal((await offer).type, 'offer');
  await setLocal;
  const all = [b.setRemoteDescription(a.localDescription!), b.createAnswer(), b.setLocalDescription()];
  await Promise.all(all);
  assert.equal(b.signalingState, 'stable');
  await Promise.all([a.close(), b.close()]);
});

test('perfect negotiation survives glare in both directions (W3C 10.7)', async () => {
  const polite = await createPeerConnection(LOOPBACK);
  const impolite = await createPeerConnection(LOOPBACK);
  void trickle(polite, impolite);
  void trickle(impolite, polite);
  const channelP = polite.createDataChannel('from polite');
  const channelI = impolite.createDataChannel('from impolite');
  await Promise.all([polite.setLocalDescription(), impolite.setLocalDescription()]);
  // Both offers cross: the impolite side ignores, the polite side rolls back and answers.
  await polite.setRemoteDescription(impolite.localDescription!);
  await polite.setLocalDescription();
  await impolite.setRemoteDescription(polite.localDescription!);
  await within(Promise.all([channelP.opened, channelI.opened]), 10_000, 'both channels');
  assert.equal(polite.connectionState, 'connected');
  await Promise.all([polite.close(), impolite.close()]);
});

test('an ICE restart changes the credentials and keeps the channel flowing (RFC 8445 9)', async () => {
  const { a, b, channelA, channelB, close } = await connectPair();
  const ufrag = (pc: PeerConnection): string => /a=ice-ufrag:(.+)\r/.exec(pc.localDescription!.sdp)![1]!;
  const before = [ufrag(a), ufrag(b)];
  let received = 0;
  channelB.handler = { onMessage: () => void received++ };
  for (let round = 0; round < 3; round++) {
    a.restartIce();
    await channelA.send(`during ${round}`);
    await negotiate(a, b);
    await channelA.send(`after ${round}`);
  }
  await within(until(() => received === 6), 5000, 'six messages');
  assert.notEqual(ufrag(a), before[0]);
  assert.notEqual(ufrag(b), before[1]);
  assert.equal(a.connectionState, 'connected');
  await close();
});

test('setConfiguration changes servers and refuses the rest (W3C 4.4.1.6)', async () => {
  const pc = await createPeerConnection({ ...LOOPBACK, configuration: { bundlePolicy: 'max-bundle' } });
  pc.setConfiguration({ bundlePolicy: 'max-bundle', iceServers: [{ urls: 'stun:127.0.0.1' }] });
  assert.deepEqual(pc.getConfiguration().iceServers, [{ urls: 'stun:127.0.0.1' }]);
  assert.throws(() => pc.setConfiguration({ bundlePolicy: 'balanced' }), { code: 'ERR_INVALID_MODIFICATION' });
  assert.throws(() => pc.setConfiguration({ bundlePolicy: 'max-bundle', iceServers: [{ urls: 'nonsense' }] }), { code: 'ERR_INVALID_ARGUMENT' });
  await pc.close();
});

test('gathering on loopback with a public STUN server configured completes at once, without a request', async () => {
  const pc = await createPeerConnection({ ...LOOPBACK, configuration: { iceServers: [{ urls: 'stun:192.0.2.1:3478' }] } });
  pc.createDataChannel('x');
  const complete = pc.gathered();
  const start = performance.now();
  await pc.setLocalDescription();
  await complete;
  assert.ok(performance.now() - start < 50, `${performance.now() - start} ms`);
  assert.match(pc.localDescription!.sdp, /a=end-of-candidates/);
  assert.match(pc.localDescription!.sdp, /typ host/);
  await pc.close();
});

test('`gathered` waits for the candidates, of a restart too, and rejects when the connection is closed before', async () => {
  const { a, b, close } = await connectPair();
  await within(a.gathered(), 5000, 'candidates that are there');
  const before = a.localDescription!.sdp;
  await a.restartIce();
  await a.setLocalDescription();
  await within(a.gathered(), 5000, 'candidates after a restart');
  const { sdp } = a.localDescription!;
  assert.match(sdp, /a=candidate:.*typ host[\s\S]*a=end-of-candidates/);
  assert.notEqual(/a=ice-ufrag:(.*)/.exec(sdp)?.[1], /a=ice-ufrag:(.*)/.exec(before)?.[1]);
  await close();
  assert.equal(b.iceGatheringState, 'complete');
  const idle = await createPeerConnection(LOOPBACK);
  const never = assert.rejects(idle.gathered(), { code: 'ERR_CLOSED' });
  await idle.close();
  await never;
});

test('`connected` waits for the connection, and rejects when it fails or is closed before', async () => {
  const idle = await createPeerConnection(LOOPBACK);
  const never = assert.rejects(idle.connected(), { code: 'ERR_CLOSED' });
  await idle.close();
  await never;
  const { a, close } = await connectPair();
  await within(a.connected(), 1000, 'a connection that is up');
  await close();
  const told = (...states: ConnectionState[]): Promise<void> =>
    connected({
      connectionState: 'new',
      async *events() {
        for (const state of states) yield { type: 'connectionstatechange', state } as const;
      },
    });
  await told('connecting', 'connected');
  await assert.rejects(told('connecting', 'failed', 'connected'), { code: 'ERR_NETWORK' });
  await assert.rejects(told('connecting', 'closed'), { code: 'ERR_CLOSED' });
  await assert.rejects(connected({ connectionState: 'failed', events: () => assert.fail('nothing to wait for') }), { code: 'ERR_NETWORK' });
});

test('statistics name the transport, the pair, both candidates, the channels and the certificates (webrtc-stats)', async () => {
  const { a, b, channelA, channelB, close } = await connectPair();
  await channelA.send('five!');
  for (let event = await channelB.poll(); event?.type !== 'message'; event = await channelB.poll());
  const report = await a.getStats();
  const [transport] = report.byType('transport');
  assert.equal(transport!.dtlsState, 'connected');
  assert.equal(transport!.tlsVersion, 'FEFD');
  assert.ok(transport!.bytesSent > 500 && transport!.packetsReceived >= 3);
  const pair = report.get(transport!.selectedCandidatePairId!);
  assert.ok(pair?.type === 'candidate-pair' && pair.nominated && pair.state === 'succeeded');
  assert.deepEqual([pair.packetsSent, pair.bytesSent], [transport!.packetsSent, transport!.bytesSent], 'all of it went over the pair');
  assert.equal(transport!.iceLocalUsernameFragment, /a=ice-ufrag:(\S+)/.exec(a.localDescription!.sdp)![1]);
  assert.equal(transport!.ccfbMessagesSent, undefined, 'no media, no feedback');
  assert.equal(report.get(pair.localCandidateId)?.type, 'local-candidate');
  assert.equal(report.get(pair.remoteCandidateId)?.type, 'remote-candidate');
  const [channel] = report.byType('data-channel');
  assert.deepEqual([channel!.label, channel!.state, channel!.messagesSent, channel!.bytesSent, channel!.messagesReceived], ['test', 'open', 1, 5, 0]);
  assert.equal(report.byType('certificate').length, 2);
  assert.equal(report.byType('peer-connection')[0]!.dataChannelsOpened, 1);
  const other = (await b.getStats()).byType('data-channel')[0]!;
  assert.deepEqual([other.messagesReceived, other.bytesReceived], [1, 5]);
  await close();
});

test('events() yields what the handler hears, and ends at close', async () => {
  const pc = await createPeerConnection(LOOPBACK);
  const events = pc.events();
  const seen: PeerConnectionEvent['type'][] = [];
  const reading = (async () => {
    for await (const event of events) seen.push(event.type);
  })();
  pc.createDataChannel('x');
  await turn();
  const complete = pc.gathered();
  await pc.setLocalDescription();
  await complete;
  await pc.close();
  await within(reading, 1000, 'the end of the events');
  assert.deepEqual(seen, ['negotiationneeded', 'signalingstatechange', 'icegatheringstatechange', 'icecandidate', 'icegatheringstatechange', 'icecandidate']);
});

test('a rejected data section closes its channels, and data that comes back gets a transport of its own (RFC 8829 5.3.1)', async () => {
  const a = await createPeerConnection(LOOPBACK);
  const refusing = await createPeerConnection(LOOPBACK);
  const first = a.createDataChannel('first');
  await a.setLocalDescription();
  await refusing.setRemoteDescription(a.localDescription!);
  await refusing.setLocalDescription();
  const refusal = refusing.localDescription!.sdp.replace(/m=application \d+/, 'm=application 0').replace(/a=group:BUNDLE.*\r\n/, '').replace(/a=candidate.*\r\n/g, '');
  await a.setRemoteDescription({ type: 'answer', sdp: refusal });
  await within(first.closed, 2000, 'the close of the refused channel');
  await assert.rejects(first.opened, RtcError);
  await refusing.close();

  const b = await createPeerConnection(LOOPBACK);
  void trickle(a, b);
  void trickle(b, a);
  const second = a.createDataChannel('second');
  await negotiate(a, b);
  await within(second.opened, 10_000, 'the second channel');
  assert.equal(a.connectionState, 'connected');
  await Promise.all([a.close(), b.close()]);
});

test('the peer’s close is seen by every channel', async () => {
  const { a, b, channelB } = await connectPair();
  await a.close();
  await within(channelB.closed, 5000, 'the close');
  assert.equal(channelB.readyState, 'closed');
  await b.close();
});

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}
