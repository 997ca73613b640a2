import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createPeerConnection,
  type Frame,
  MediaEngine,
  type PeerConnection,
  type RtcError,
  type TrackEvent,
  TrackForwarder,
  TrackLocalStaticRtp,
  TrackLocalStaticSample,
  type TrackRemote,
} from '../../../src/api/index.ts';
import { defaultInterceptors, InterceptorRegistry, type OutgoingPacket, Slot } from '../../../src/interceptor/index.ts';
import type { RtcpPacket } from '../../../src/rtcp/index.ts';
import { encodeRtp, type RtpPacket } from '../../../src/rtp/index.ts';
import { negotiate, trickle, within } from '../../support/peers.ts';

const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

interface Call extends AsyncDisposable {
  readonly a: PeerConnection;
  readonly b: PeerConnection;
  /** Tracks that came to b. */
  readonly tracks: TrackEvent[];
  connect(): Promise<void>;
}

async function call(options: { readonly a?: Parameters<typeof createPeerConnection>[0]; readonly b?: Parameters<typeof createPeerConnection>[0] } = {}): Promise<Call> {
  const tracks: TrackEvent[] = [];
  const a = await createPeerConnection({ udpAddrs: ['127.0.0.1:0'], ...options.a });
  const b = await createPeerConnection({ udpAddrs: ['127.0.0.1:0'], ...options.b, handler: { onTrack: (event) => void tracks.push(event), ...options.b?.handler } });
  void trickle(a, b);
  void trickle(b, a);
  const connect = async (): Promise<void> => {
    await negotiate(a, b);
    await until(() => a.connectionState === 'connected' && b.connectionState === 'connected');
  };
  return { a, b, tracks, connect, [Symbol.asyncDispose]: async () => void (await Promise.all([a.close(), b.close()])) };
}

async function until(condition: () => boolean, ms = 5000): Promise<void> {
  for (const end = performance.now() + ms; !condition(); await sleep(2)) if (performance.now() > end) throw new Error(`not within ${ms} ms: ${condition}`);
}

/** A VP8 frame of a size (RFC 6386 9.1), with its number in it. */
function vp8(number: number, size = 3000): Uint8Array {
  const frame = new Uint8Array(size).fill(number & 0xff);
  frame[0] = number === 0 ? 0x10 : 0x11;
  if (number === 0) frame.set([0x9d, 0x01, 0x2a, 64, 0, 64, 0], 3);
  return frame;
}

/** An Opus packet of one frame (RFC 6716 3.1), with its number in it. */
function opus(number: number): Uint8Array {
  return new Uint8Array(80).fill(number).fill(0xfc, 0, 1);
}

async function take(track: TrackRemote, count: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of track.frames()) if (frames.push(frame) === count) break;
  return frames;
}

const refuses = (code: string) => (error: RtcError) => error.code === code;

test('frames of a track arrive whole and in order, with the codec, and both sides count them', async () => {
  await using pair = await call();
  const { a, b, tracks } = pair;
  const video = new TrackLocalStaticSample({ codec: 'video/VP8', id: 'camera', streamId: 'room' });
  const audio = new TrackLocalStaticSample({ codec: 'audio/opus' });
  const sender = a.addTrack(video);
  a.addTrack(audio);
  assert.equal(video.writeSample({ data: vp8(0), durationMs: 40 }), 0, 'nobody is there');
  await pair.connect();
  assert.deepEqual(
    tracks.map(({ track, streamIds, transceiver }) => [track.kind, transceiver.mid, track.kind === 'video' ? [track.id, ...streamIds] : []]),
    [
      ['video', '0', ['camera', 'room']],
      ['audio', '1', []],
    ],
  );
  const [seen, heard] = tracks.map(({ track }) => take(track, 10)) as [Promise<Frame[]>, Promise<Frame[]>];
  for (let i = 0; i < 11; i++) {
    assert.equal(video.writeSample({ data: vp8(i), durationMs: 40 }), 1);
    assert.equal(audio.writeSample({ data: opus(i), durationMs: 20 }), 1);
  }
  const frames = await within(seen, 5000, 'frames');
  assert.deepEqual(
    frames.map(({ data }) => data),
    frames.map((_, i) => vp8(i)),
  );
  assert.deepEqual(frames.map(({ keyframe }) => keyframe), [true, ...new Array<boolean>(9).fill(false)]);
  assert.ok(frames.every(({ timestamp }, i) => ((timestamp - (frames[0] as Frame).timestamp) >>> 0) === i * 3600), '40 ms at 90 kHz');
  assert.equal(frames[0]?.codec.name, 'VP8');
  assert.deepEqual((await within(heard, 5000, 'audio')).map(({ data }) => data[1]), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);

  const sent = [...(await sender.getStats()).byType('outbound-rtp')];
  assert.equal(sent.length, 1);
  assert.equal(sent[0]?.framesSent, 11);
  assert.equal(sent[0]?.bytesSent, 33 * 4 + 11 * 3000, 'with four bytes of VP8 descriptor for each packet');
  const [codec] = (await tracks[0]!.receiver.getStats()).byType('codec');
  assert.equal(codec?.mimeType, 'video/VP8');
  const [inbound] = (await b.getStats(tracks[0]!.track)).byType('inbound-rtp');
  assert.deepEqual([inbound?.packetsReceived, inbound?.packetsLost, inbound?.trackIdentifier, inbound?.mid], [33, 0, 'camera', '0']);
  assert.equal(tracks[0]!.receiver.getSynchronizationSources()[0]?.source, inbound?.ssrc);
});

test('RTP is forwarded with its gaps, and a duplicate goes out once', async () => {
  await using pair = await call();
  const track = new TrackLocalStaticRtp({ codec: 'video/VP8' });
  pair.a.addTrack(track);
  await pair.connect();
  const received: RtpPacket[] = [];
  pair.tracks[0]!.track.handler = { onRtp: (packet) => void received.push(packet) };
  for (const sequenceNumber of [7, 8, 8, 11]) {
    track.writeRtp(encodeRtp({ payloadType: 3, sequenceNumber, timestamp: 900, ssrc: 1, marker: sequenceNumber === 11, payload: Uint8Array.of(16, sequenceNumber) }));
  }
  await until(() => received.length === 3);
  assert.deepEqual(received.map(({ header, payload }) => [header.sequenceNumber, header.timestamp, header.marker, payload[1]]), [[7, 900, false, 7], [8, 900, false, 8], [11, 900, true, 11]]);
  assert.equal(received[0]?.header.ssrc, pair.a.getSenders()[0]?.encodings[0]?.ssrc);
  assert.throws(() => track.writeRtp(Uint8Array.of(1, 2, 3)), refuses('ERR_INVALID_ARGUMENT'));
});

test('what comes from another source goes on where the one before ended, to every receiver', async () => {
  await using one = await call();
  await using two = await call();
  const track = new TrackLocalStaticRtp({ codec: 'video/VP8' });
  const received = await Promise.all(
    [one, two].map(async (pair) => {
      pair.a.addTrack(track);
      await Promise.all([pair.connect(), pair.a.connected(), pair.b.connected()]);
      const numbers: number[] = [];
      pair.tracks[0]!.track.handler = { onRtp: ({ header }) => void numbers.push(header.sequenceNumber) };
      return numbers;
    }),
  );
  const write = (ssrc: number, sequenceNumber: number): void => void track.writeRtp(encodeRtp({ payloadType: 3, sequenceNumber, timestamp: 900, ssrc, marker: true, payload: Uint8Array.of(16, 0) }));
  write(1, 500);
  write(1, 501);
  track.beginSource();
  write(2, 40_000);
  write(2, 40_001);
  await until(() => received.every(({ length }) => length === 4));
  for (const numbers of received) assert.deepEqual(numbers, [500, 501, 502, 503]);
});

test('what several receivers share comes whole to each of them, lost packets too, whatever becomes of the bytes that were written', async () => {
  const lossy = {
    name: 'lossy',
    slot: Slot.dump,
    create: () => ({ name: 'lossy', writeRtp: (packet: OutgoingPacket) => (packet.role === 'media' && packet.header.timestamp % 3 === 0 ? undefined : packet) }),
  };
  const interceptors = new InterceptorRegistry().registerDefaults().register(lossy);
  await using one = await call({ a: { interceptors } });
  await using two = await call({ a: { interceptors } });
  const track = new TrackLocalStaticRtp({ codec: 'video/VP8' });
  const received = await Promise.all(
    [one, two].map(async (pair) => {
      pair.a.addTrack(track);
      await pair.connect();
      const packets = new Map<number, Uint8Array>();
      pair.tracks[0]!.track.handler = { onRtp: ({ header, payload }) => void packets.set(header.sequenceNumber, payload) };
      return packets;
    }),
  );
  const payloadOf = (number: number): Uint8Array => Uint8Array.from({ length: 900 + number }, (_, i) => (number * 31 + i * 7) & 0xff);
  for (let number = 0; number < 100; number++) {
    const bytes = encodeRtp({ payloadType: 3, sequenceNumber: number, timestamp: number, ssrc: 1, payload: payloadOf(number) });
    assert.equal(track.writeRtp(bytes), 2);
    bytes.fill(0xee);
  }
  await until(() => received.every(({ size }) => size >= 98)); // nobody misses what nobody saw: the first and the last
  for (const packets of received) for (const [number, payload] of packets) assert.deepEqual(payload, payloadOf(number), `packet ${number}`);
});

test('a forwarder sends what it receives to others, and changes its source with a keyframe only', async () => {
  await using up = await call();
  await using down = await call();
  const [low, high] = [new TrackLocalStaticSample({ codec: 'video/VP8' }), new TrackLocalStaticSample({ codec: 'video/VP8' })];
  let asked = 0;
  high.onkeyframerequest = () => void asked++;
  up.a.addTrack(low);
  up.a.addTrack(high);
  await up.connect();
  const forwarder = new TrackForwarder(up.tracks[0]!.track);
  down.a.addTrack(forwarder);
  await down.connect();
  const seen: [number, number][] = [];
  down.tracks[0]!.track.handler = { onRtp: ({ header, payload }) => void seen.push([header.sequenceNumber, payload.at(-1) as number]) };
  low.writeSample({ data: vp8(0, 100).fill(1, 10), durationMs: 40 });
  high.writeSample({ data: vp8(0, 100).fill(2, 10), durationMs: 40 });
  await until(() => seen.length === 1);
  forwarder.switchTo(up.tracks[1]!.track);
  await until(() => asked === 1);
  high.writeSample({ data: vp8(1, 100).fill(2, 10), durationMs: 40 }); // no keyframe yet
  low.writeSample({ data: vp8(1, 100).fill(3, 10), durationMs: 40 });
  await until(() => seen.length === 2);
  high.writeSample({ data: vp8(0, 100).fill(4, 10), durationMs: 40 });
  await until(() => seen.length === 3);
  low.writeSample({ data: vp8(2, 100).fill(5, 10), durationMs: 40 });
  high.writeSample({ data: vp8(2, 100).fill(6, 10), durationMs: 40 });
  await until(() => seen.length === 4);
  assert.deepEqual(seen.map(([, what]) => what), [1, 3, 4, 6]);
  assert.deepEqual(seen.map(([number]) => (number - (seen[0]![0] as number)) & 0xffff), [0, 1, 2, 3], 'numbers go on');
  assert.equal(forwarder.source, up.tracks[1]!.track);
});

test('a keyframe request reaches the track that is sent', async () => {
  await using pair = await call();
  const track = new TrackLocalStaticSample({ codec: 'video/VP8' });
  let wanted = 0;
  track.onkeyframerequest = () => void wanted++;
  pair.a.addTrack(track);
  await pair.connect();
  track.writeSample({ data: vp8(0), durationMs: 40 });
  await until(() => !pair.tracks[0]!.track.muted);
  pair.tracks[0]!.track.requestKeyframe();
  await until(() => wanted === 1);
});

test('RFC 8853: three encodings of a simulcast are three tracks with their RIDs, and one can be switched off', async () => {
  await using pair = await call();
  const layers = ['q', 'h', 'f'].map(() => new TrackLocalStaticSample({ codec: 'video/VP8' }));
  const { sender } = pair.a.addTransceiverFromKind('video', { direction: 'sendonly', sendEncodings: [{ rid: 'q' }, { rid: 'h' }, { rid: 'f' }] });
  for (const [i, rid] of ['q', 'h', 'f'].entries()) await sender.replaceTrack(layers[i]!, rid);
  await pair.connect();
  assert.deepEqual(pair.tracks.map(({ track }) => track.rid), ['q', 'h', 'f']);
  const counts = new Map<string | undefined, number>();
  for (const { track } of pair.tracks) track.handler = { onRtp: () => void counts.set(track.rid, (counts.get(track.rid) ?? 0) + 1) };
  for (const [i, layer] of layers.entries()) assert.equal(layer.writeSample({ data: vp8(0, 500 * (i + 1)), durationMs: 40 }), 1);
  await until(() => counts.size === 3);
  assert.deepEqual([...counts.values()], [1, 1, 2]);
  const parameters = sender.getParameters();
  await sender.setParameters({ ...parameters, encodings: parameters.encodings.map((encoding) => ({ ...encoding, active: encoding.rid !== 'h' })) });
  assert.deepEqual(layers.map((layer) => layer.writeSample({ data: vp8(1, 500), durationMs: 40 })), [1, 0, 1]);
  await assert.rejects(sender.setParameters(parameters), refuses('ERR_INVALID_MODIFICATION'));
});

test('replaceTrack needs no negotiation: numbers go on, and the old track is let go', async () => {
  await using pair = await call();
  const [first, second] = [new TrackLocalStaticSample({ codec: 'video/VP8' }), new TrackLocalStaticSample({ codec: 'video/VP8' })];
  const sender = pair.a.addTrack(first);
  await pair.connect();
  const numbers: number[] = [];
  pair.tracks[0]!.track.handler = { onRtp: ({ header }) => void numbers.push(header.sequenceNumber) };
  first.writeSample({ data: vp8(0, 100), durationMs: 40 });
  await sender.replaceTrack(second);
  assert.equal(first.writeSample({ data: vp8(1, 100), durationMs: 40 }), 0);
  assert.equal(second.writeSample({ data: vp8(0, 100), durationMs: 40 }), 1);
  await until(() => numbers.length === 2);
  assert.equal(numbers[1], ((numbers[0] as number) + 1) & 0xffff);
  await sender.replaceTrack(null);
  assert.equal(second.writeSample({ data: vp8(1, 100), durationMs: 40 }), 0);
  await assert.rejects(sender.replaceTrack(new TrackLocalStaticSample({ codec: 'audio/opus' })), refuses('ERR_INVALID_ARGUMENT'));
});

test('removeTrack and a new negotiation mute the remote track, another direction unmutes it, stop ends it', async () => {
  await using pair = await call();
  const { a, b, tracks } = pair;
  const track = new TrackLocalStaticSample({ codec: 'video/VP8' });
  const sender = a.addTrack(track);
  await pair.connect();
  track.writeSample({ data: vp8(0), durationMs: 40 });
  const remote = tracks[0]!.track;
  await until(() => !remote.muted);
  a.removeTrack(sender);
  await negotiate(a, b);
  assert.equal(remote.muted, true);
  assert.equal(a.getTransceivers()[0]?.currentDirection, 'inactive', 'b sends nothing');
  await sender.replaceTrack(track);
  a.getTransceivers()[0]!.direction = 'sendonly';
  await negotiate(a, b);
  track.writeSample({ data: vp8(1), durationMs: 40 });
  await until(() => !remote.muted);
  a.getTransceivers()[0]?.stop();
  await negotiate(a, b);
  assert.equal(remote.ended, true);
  for await (const { header } of remote) assert.equal(header.payloadType, 96, 'what was not read yet'); // and comes to an end
  assert.deepEqual([a.getTransceivers().length, b.getTransceivers().length], [0, 0]);
});

test('a track that goes to other streams says so, and one that is removed is in none (W3C 5.1, associated remote streams)', async () => {
  await using pair = await call();
  const { a, b, tracks } = pair;
  const sender = a.addTrack(new TrackLocalStaticSample({ codec: 'video/VP8' }), 'one');
  await pair.connect();
  const [event] = tracks;
  const told: (readonly string[] | string)[] = [];
  event!.track.handler = { onStreamsChange: (streamIds) => void told.push(streamIds), onMute: () => void told.push('muted') };
  assert.deepEqual(event!.streamIds, ['one']);
  sender.setStreams('one', 'two');
  await negotiate(a, b);
  assert.deepEqual([event!.track.streamIds, told], [['one', 'two'], [['one', 'two']]]);
  await negotiate(a, b);
  assert.equal(told.length, 1, 'nothing changed');
  event!.track.setMuted(false);
  a.removeTrack(sender);
  await negotiate(a, b);
  assert.deepEqual([event!.track.streamIds, told.slice(1)], [[], [[], 'muted']]);
  assert.equal(tracks.length, 1, 'no second event of the same track');
});

test('RTCP is read and written, beside what the interceptors say', async () => {
  const seen: string[] = [];
  await using pair = await call({ b: { handler: { onRtcp: (packets) => void seen.push(...packets.map(({ type }) => type)) } } });
  const track = new TrackLocalStaticSample({ codec: 'audio/opus' });
  assert.equal(pair.a.writeRtcp([{ type: 'app', subtype: 1, ssrc: 5, name: 'TEST', data: new Uint8Array(4) }]), false);
  pair.a.addTrack(track);
  await pair.connect();
  assert.equal(pair.a.writeRtcp([{ type: 'app', subtype: 1, ssrc: 5, name: 'TEST', data: new Uint8Array(4) }]), true);
  track.writeSample({ data: new Uint8Array(80), durationMs: 20 });
  await until(() => seen.includes('app') && seen.includes('sr') && seen.includes('sdes'));
});

test('RTCP of ours that does not say who sends it comes from where our reports come from (RFC 3550 6.4.2)', async () => {
  const seen: RtcpPacket[] = [];
  await using pair = await call({ b: { handler: { onRtcp: (packets) => void seen.push(...packets) } } });
  pair.a.addTransceiver('video', { direction: 'recvonly' });
  await pair.connect();
  const track = 0x1234;
  pair.a.writeRtcp([{ type: 'pli', mediaSsrc: track }, { type: 'nack', mediaSsrc: track, lost: [7] }, { type: 'remb', bitrateBps: 500_000, ssrcs: [track] }, { type: 'fir', entries: [{ ssrc: track, sequence: 1 }] }]);
  pair.a.writeRtcp([{ type: 'app', subtype: 1, name: 'TEST', data: new Uint8Array(4) }, { type: 'pli', senderSsrc: 5, mediaSsrc: track }]);
  await until(() => seen.filter(({ type }) => type === 'pli').length === 2);
  const report = seen.find(({ type }) => type === 'rr') as { readonly ssrc: number };
  assert.ok(report.ssrc > 0);
  const senders = seen.flatMap((packet) => ('senderSsrc' in packet && packet.type !== 'transport-feedback' ? [[packet.type, packet.senderSsrc, 'mediaSsrc' in packet && packet.mediaSsrc]] : []));
  assert.deepEqual(senders.sort(), [['fir', report.ssrc, 0], ['nack', report.ssrc, track], ['pli', 5, track], ['pli', report.ssrc, track], ['remb', report.ssrc, 0]].sort());
  assert.equal(seen.find((packet) => packet.type === 'app')?.ssrc, report.ssrc);
});

test('an interceptor of the application sees every packet in its slot', async () => {
  let written = 0;
  const registry = new InterceptorRegistry();
  for (const factory of defaultInterceptors()) registry.register(factory);
  registry.register({
    name: 'counter',
    slot: Slot.application,
    create: () => ({
      name: 'counter',
      writeRtp: (packet) => {
        written++;
        return packet;
      },
    }),
  });
  await using pair = await call({ a: { interceptors: registry } });
  const track = new TrackLocalStaticSample({ codec: 'video/VP8' });
  pair.a.addTrack(track);
  await pair.connect();
  track.writeSample({ data: vp8(0), durationMs: 40 });
  assert.equal(written, 3);
});

test('what the media engine does not have is not negotiated', async () => {
  const b = { mediaEngine: new MediaEngine().registerCodec({ mimeType: 'audio/PCMU', clockRate: 8000 }) };
  await using pair = await call({ b });
  const [video, audio] = [new TrackLocalStaticSample({ codec: 'video/VP8' }), new TrackLocalStaticSample({ codec: 'audio/PCMU' })];
  pair.a.addTrack(video);
  pair.a.addTrack(audio);
  await pair.connect();
  assert.deepEqual(pair.tracks.map(({ track }) => track.kind), ['audio']);
  assert.equal(video.writeSample({ data: vp8(0), durationMs: 40 }), 0);
  assert.equal(audio.writeSample({ data: new Uint8Array(160), durationMs: 20 }), 1);
  assert.equal(pair.a.getSenders()[0]?.getParameters().codecs.length, 1);
});

test('header extensions are offered with the ids that browsers give them, or others where those are taken', async () => {
  const mediaEngine = MediaEngine.default();
  mediaEngine.registerHeaderExtension({ uri: 'urn:example:mine', kind: 'video', preferredId: 4 });
  await using pair = await call({ a: { mediaEngine } });
  pair.a.addTransceiver('video');
  await pair.a.setLocalDescription();
  const ids = new Map([...pair.a.localDescription!.sdp.matchAll(/a=extmap:(\d+)\S* (\S+)/g)].map(([, id, uri]) => [uri, Number(id)]));
  assert.equal(ids.get('urn:ietf:params:rtp-hdrext:sdes:mid'), 4);
  assert.equal(ids.get('urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'), 10);
  assert.equal(ids.get('urn:example:mine'), 1);
});

test('bad input: a typed error, and the connection is as it was', async () => {
  await using pair = await call();
  const { a, b } = pair;
  const track = new TrackLocalStaticSample({ codec: 'video/VP8' });
  const sender = a.addTrack(track);
  assert.throws(() => a.addTrack(track), refuses('ERR_INVALID_ACCESS'));
  assert.throws(() => b.removeTrack(sender), refuses('ERR_INVALID_ACCESS'));
  assert.throws(() => a.addTransceiver('text' as 'video'), refuses('ERR_INVALID_ARGUMENT'));
  assert.throws(() => a.addTransceiver('video', { sendEncodings: [{ rid: 'a' }, { rid: 'a' }] }), refuses('ERR_INVALID_ARGUMENT'));
  assert.throws(() => new TrackLocalStaticSample({ codec: 'video/unheard-of' }), refuses('ERR_NOT_SUPPORTED'));
  assert.throws(() => new TrackLocalStaticSample({ codec: 'VP8' }), refuses('ERR_INVALID_ARGUMENT'));
  assert.throws(() => new MediaEngine().registerCodec({ mimeType: 'video/VP8', clockRate: 90_000, payloadType: 72 }), refuses('ERR_INVALID_ARGUMENT'));
  assert.throws(() => a.getTransceivers()[0]?.setCodecPreferences([{ ...MediaEngine.default().codecs[0]!, name: 'none' }]), refuses('ERR_INVALID_MODIFICATION'));
  await assert.rejects(b.getStats(sender), refuses('ERR_INVALID_ACCESS'));
  assert.equal(a.getTransceivers().length, 1);
  await pair.connect();
  assert.equal(pair.tracks.length, 1);
  await a.close();
  assert.throws(() => a.addTrack(new TrackLocalStaticSample({ codec: 'video/VP8' })), refuses('ERR_CLOSED'));
  assert.equal(track.writeSample({ data: vp8(0) }), 0);
});
