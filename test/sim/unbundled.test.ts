import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeerConnection, type DataChannel, type PeerConnection, type PeerConnectionOptions, type RtpTransceiver, TrackLocalStaticRtp } from '../../src/api/index.ts';
import { encodeRtp } from '../../src/rtp/index.ts';
import { createWorld, NAT, type World } from '../../src/sim/index.ts';

const SEED = Number(process.env['SIM_FIRST_SEED'] ?? 1);
const MINUTE_MS = 60_000;

/** One end of a call in which nothing is bundled. */
interface End {
  readonly name: string;
  readonly pc: PeerConnection;
  readonly tracks: readonly TrackLocalStaticRtp[];
  /** Packets that came, by kind. */
  readonly received: Map<string, number>;
  readonly states: string[];
  /** Candidates that it signalled. */
  readonly candidates: Parameters<PeerConnection['addIceCandidate']>[0][];
  channel: DataChannel | undefined;
}

async function makeEnd(world: World, name: string, options: PeerConnectionOptions = {}): Promise<End> {
  const received = new Map<string, number>();
  const states: string[] = [];
  const candidates: End['candidates'] = [];
  const pc: PeerConnection = await world.until(
    createPeerConnection({
      ...options,
      runtime: (world.hosts.get(name) ?? world.host(name)).runtime,
      handler: {
        onIceCandidate: (candidate) => void candidates.push(candidate),
        onConnectionStateChange: (state) => void states.push(state),
        onTrack: ({ track }) => void (track.handler = { onRtp: () => void received.set(track.kind, (received.get(track.kind) ?? 0) + 1) }),
        onDataChannel: (channel) => void (end.channel = channel),
      },
    }),
  );
  const tracks = [new TrackLocalStaticRtp({ codec: 'audio/opus' }), new TrackLocalStaticRtp({ codec: 'video/VP8' })];
  const end: End = { name, pc, tracks, received, states, candidates, channel: undefined };
  for (const track of tracks) pc.addTrack(track);
  return end;
}

/** Offer and answer, on whose way the groups are lost. */
async function negotiate(world: World, one: PeerConnection, other: PeerConnection): Promise<void> {
  const strip = ({ type, sdp }: { readonly type: string; readonly sdp: string }): { type: 'offer' | 'answer'; sdp: string } => ({ type: type as 'offer' | 'answer', sdp: sdp.replace(/a=group:BUNDLE[^\r\n]*\r\n/g, '') });
  await world.until(one.setLocalDescription());
  await world.run(() => one.iceGatheringState === 'complete');
  await world.until(other.setRemoteDescription(strip(one.localDescription!)));
  await world.until(other.setLocalDescription());
  await world.run(() => other.iceGatheringState === 'complete');
  await world.until(one.setRemoteDescription(strip(other.localDescription!)));
}

/** Each end sends a packet of both kinds every 20 ms, and a message. */
function talk(world: World, ends: readonly End[], forMs: number): { readonly sent: ReadonlyMap<End, number>; readonly messages: ReadonlyMap<End, number> } {
  const sent = new Map(ends.map((end) => [end, 0]));
  const messages = new Map(ends.map((end) => [end, 0]));
  for (const end of ends) if (end.channel) end.channel.handler = { onMessage: () => void messages.set(end, (messages.get(end) ?? 0) + 1) };
  for (let tick = 0; tick * 20 < forMs; tick++) {
    for (const end of ends) {
      end.tracks.forEach((track, i) => {
        const init = { payloadType: 0, sequenceNumber: (nextSequence.get(track) ?? 0) & 0xffff, timestamp: (world.now * 90) >>> 0, ssrc: 1, payload: new Uint8Array(200).fill(i === 0 ? 0xfc : 0x10) };
        nextSequence.set(track, init.sequenceNumber + 1);
        track.writeRtp(encodeRtp(init));
      });
      sent.set(end, (sent.get(end) ?? 0) + 1);
      end.channel?.trySend('tick');
    }
    world.virtual.runSync(world.now + 20);
  }
  world.virtual.runSync(world.now + 3000);
  return { sent, messages };
}

const nextSequence = new Map<TrackLocalStaticRtp, number>();

interface TransportEntry {
  readonly id: string;
  readonly dtlsState: string;
  readonly packetsSent: number;
}

async function transportsOf({ pc }: End): Promise<readonly TransportEntry[]> {
  return [...(await pc.getStats()).values()].filter(({ type }) => type === 'transport') as unknown as readonly TransportEntry[];
}

async function transportOfStreams({ pc }: End): Promise<readonly string[]> {
  return [...(await pc.getStats()).values()].flatMap((entry) => (entry.type === 'inbound-rtp' || entry.type === 'outbound-rtp' ? `${entry.type} ${entry.kind} ${entry.transportId}` : [])).sort();
}

async function connected(world: World, ends: readonly End[]): Promise<void> {
  await world.run(() => ends.every(({ pc }) => pc.connectionState === 'connected'), world.now + MINUTE_MS);
  assert.deepEqual(ends.map(({ pc }) => pc.connectionState), ends.map(() => 'connected'));
}

for (const [bundlePolicy, seed] of [['balanced', SEED], ['max-compat', SEED + 1]] as const) {
  test(`seed ${seed}, ${bundlePolicy}: sound, pictures and data over three transports with 5 % lost, through an ICE restart, and after a section is gone (RFC 9143 7)`, async () => {
    const world = createWorld({ seed, link: { delayMs: 15, jitterMs: 3, loss: 0.05 } });
    const ends = [await makeEnd(world, 'a', { configuration: { bundlePolicy } }), await makeEnd(world, 'b')] as const;
    const [a, b] = ends;
    a.channel = a.pc.createDataChannel('data');
    const sockets = (): readonly number[] => ends.map(({ name }) => world.hosts.get(name)?.machine.sockets.length ?? 0);
    await negotiate(world, a.pc, b.pc);
    await connected(world, ends);
    assert.deepEqual(sockets(), [3, 3]);
    await world.run(() => b.channel !== undefined && a.channel?.readyState === 'open', world.now + MINUTE_MS);
    for (const round of ['first', 'after ICE restarted']) {
      for (const end of ends) end.received.clear();
      const { sent, messages } = talk(world, ends, 4000);
      for (const end of ends) {
        const heard = sent.get(end === a ? b : a) ?? 0;
        assert.ok((end.received.get('audio') ?? 0) > heard * 0.85 && (end.received.get('audio') ?? 0) <= heard, `${round}: ${end.received.get('audio')} of ${heard} packets of sound`);
        assert.ok((end.received.get('video') ?? 0) > heard * 0.98, `${round}: ${end.received.get('video')} of ${heard} packets of pictures, which are sent again`);
        assert.equal(messages.get(end), heard, `${round}: messages`);
        const transports = await world.until(transportsOf(end));
        assert.deepEqual(transports.map(({ dtlsState, packetsSent }) => [dtlsState, packetsSent > 100]), [0, 1, 2].map(() => ['connected', true]));
        assert.equal(new Set(await world.until(transportOfStreams(end))).size, 4);
      }
      if (round !== 'first') continue;
      a.pc.restartIce();
      await negotiate(world, a.pc, b.pc);
      await connected(world, ends);
    }
    const [, video] = a.pc.getTransceivers() as readonly RtpTransceiver[];
    video?.stop();
    await negotiate(world, a.pc, b.pc);
    await world.run(() => sockets().every((count) => count === 2), world.now + MINUTE_MS);
    assert.deepEqual(sockets(), [2, 2], 'its sockets are closed');
    for (const end of ends) end.received.clear();
    const { sent, messages } = talk(world, ends, 1000);
    for (const end of ends) {
      assert.equal(messages.get(end), sent.get(end));
      assert.ok((end.received.get('audio') ?? 0) > 30);
      assert.equal(end.received.get('video'), undefined);
      assert.deepEqual((await world.until(transportsOf(end))).length, 2);
    }
    await world.until(Promise.all(ends.map(({ pc }) => pc.close())));
    assert.deepEqual(sockets(), [0, 0]);
  });
}

test(`seed ${SEED}: one transport that fails is the connection's failure (W3C WebRTC 4.3.3)`, async () => {
  const world = createWorld({ seed: SEED, link: { delayMs: 15, loss: 0.02 } });
  const ends = [await makeEnd(world, 'a'), await makeEnd(world, 'b')] as const;
  const [a, b] = ends;
  a.channel = a.pc.createDataChannel('data');
  await negotiate(world, a.pc, b.pc);
  await connected(world, ends);
  // The host of the peer loses the socket of the first transport: nothing comes from it any more.
  const [first] = world.hosts.get('b')?.machine.sockets ?? [];
  world.hosts.get('b')?.machine.unbind(first!);
  await world.run(() => a.pc.connectionState === 'failed', world.now + MINUTE_MS);
  assert.deepEqual(a.states, ['connecting', 'connected', 'disconnected', 'failed']);
  assert.deepEqual((await world.until(transportsOf(a))).map(({ dtlsState }) => dtlsState), ['connected', 'connected', 'connected']);
  const { messages } = talk(world, ends, 1000);
  assert.equal(messages.get(b), 50, 'data have a transport that is well');
  await world.until(Promise.all(ends.map(({ pc }) => pc.close())));
});

for (const [bundlePolicy, trickles] of [['balanced', true], ['max-compat', false]] as const) {
  test(`seed ${SEED}, ${bundlePolicy}: a peer behind a NAT reaches every transport of ours by ${trickles ? 'the candidates that follow its answer, each with its section' : 'the candidates of the offer'} (RFC 9429 4.1.1)`, async () => {
    const world = createWorld({ seed: SEED, link: { delayMs: 15, loss: 0.02 } });
    world.host('inside', { behind: world.nat('home', '203.0.113.1', NAT.portRestricted) });
    const [outside, inside] = [await makeEnd(world, 'outside', { configuration: { bundlePolicy } }), await makeEnd(world, 'inside')] as const;
    outside.channel = outside.pc.createDataChannel('data');
    await negotiate(world, outside.pc, inside.pc);
    outside.candidates.length = 0;
    await world.run(() => !trickles || outside.candidates.includes(null), world.now + MINUTE_MS);
    assert.deepEqual(outside.candidates.map((candidate) => candidate?.sdpMid), trickles ? ['1', '2', undefined] : []);
    for (const candidate of outside.candidates) await world.until(inside.pc.addIceCandidate(candidate));
    await connected(world, [outside, inside]);
    await world.run(() => inside.channel !== undefined && outside.channel?.readyState === 'open', world.now + MINUTE_MS);
    const { sent, messages } = talk(world, [outside, inside], 1000);
    for (const end of [outside, inside]) {
      assert.equal(messages.get(end), sent.get(end));
      assert.ok(['audio', 'video'].every((kind) => (end.received.get(kind) ?? 0) > 40));
    }
    await world.until(Promise.all([outside.pc.close(), inside.pc.close()]));
  });
}

test(`seed ${SEED}: sockets of an offer that is rolled back are closed, also those that were not bound yet`, async () => {
  const world = createWorld({ seed: SEED });
  const a = await makeEnd(world, 'a', { configuration: { bundlePolicy: 'max-compat' } });
  const count = (): number => world.hosts.get('a')?.machine.sockets.length ?? 0;
  for (const isBound of [true, false]) {
    const offering = a.pc.setLocalDescription();
    if (isBound) {
      await world.until(offering);
      await world.run(() => a.pc.iceGatheringState === 'complete');
      assert.equal(count(), 2);
    }
    await world.until(Promise.all([offering, a.pc.setLocalDescription({ type: 'rollback' })]));
    await world.run(world.now + 1000);
    assert.equal(count(), 1);
    assert.equal(a.pc.iceGatheringState, 'new');
  }
  await world.until(a.pc.close());
});
