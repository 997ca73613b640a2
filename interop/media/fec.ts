// Forward error correction between this library and Chromium, over a link that loses packets and with nobody asked to send again.
import { MediaEngine, type TrackEvent, TrackLocalStaticSample } from 'sansrtc';
import { fecSender, InterceptorRegistry, redundantAudio, Slot } from 'sansrtc/interceptor';
import { peerPrograms, type PeerStream } from '../spawn-peer.ts';
import { type Case, sleep, type Suite, until } from '../suite.ts';
import { type Call, type CallOptions, withCall } from './call.ts';
import { Relay } from './relay.ts';
import { play } from './sources.ts';

type Kind = 'FlexFEC' | 'ULPFEC';

const LOSS = 0.03;
/** A round trip that is long enough for Chromium to prefer FEC. */
const DELAY_MS = 60;
const LOSSY_MS = 10_000;
/** Of the pictures. Each loss that is not repaired costs all up to the next keyframe, two seconds; without FEC a quarter is left. */
const LEAST_SHARE = 0.7;
/** A packet of Opus is 20 ms long. */
const OPUS_TICKS = 960;
/** Chromium has FlexFEC, but offers it only when told to. */
const FLAGS = '--flags=--force-fieldtrials=WebRTC-FlexFEC-03-Advertised/Enabled/WebRTC-FlexFEC-03/Enabled/';

function engineWith(kind: Kind): MediaEngine {
  const engine = new MediaEngine().registerDefaultHeaderExtensions();
  // No `nack`: what comes again would hide what FEC does.
  engine.registerCodec({ mimeType: 'video/VP8', clockRate: 90_000, payloadType: 96, feedback: ['transport-cc', 'goog-remb', 'ccm fir', 'nack pli'] });
  if (kind === 'FlexFEC') return engine.registerCodec({ mimeType: 'video/flexfec-03', clockRate: 90_000, sdpFmtpLine: 'repair-window=10000000', feedback: ['transport-cc', 'goog-remb'] });
  return engine.registerCodec({ mimeType: 'video/red', clockRate: 90_000, feedback: [] }).registerCodec({ mimeType: 'video/ulpfec', clockRate: 90_000, feedback: [] });
}

const stream = async ({ peer }: Call, direction: 'inbound' | 'outbound'): Promise<PeerStream> =>
  (await peer.ask({ type: 'stats' }))[direction]?.find(({ kind }) => kind === 'video') ?? { kind: 'video' };

function impair(relay: Relay, loss: number): void {
  for (const end of ['us', 'peer'] as const) relay.impair(end, { loss, delayMs: DELAY_MS });
}

/** A file is played to the browser, one FEC packet for two of media. */
async function towardsBrowser(kind: Kind): Promise<string> {
  const relay = new Relay();
  const track = new TrackLocalStaticSample({ codec: 'video/VP8', packetizer: { maxPayloadBytes: 250 } });
  const options: CallOptions = {
    peer: 'chromium',
    args: kind === 'FlexFEC' ? [FLAGS] : [],
    weOffer: true,
    relay,
    connection: { mediaEngine: engineWith(kind), interceptors: new InterceptorRegistry().registerDefaults().register(fecSender({ minShare: 0.5, maxShare: 0.5 })) },
    prepare: (pc) => void pc.addTransceiverFromTrack(track, { direction: 'sendonly' }),
    onTrack: () => {},
  };
  return withCall(options, async (call) => {
    impair(relay, 0);
    const playback = await play(track, 'VP8');
    try {
      await until(async () => ((await stream(call, 'inbound')).framesDecoded ?? 0) > 0, 5000, 'the first decoded picture');
      impair(relay, LOSS);
      await sleep(LOSSY_MS);
    } finally {
      playback.stop();
    }
    impair(relay, 0);
    await sleep(1000);
    const { framesDecoded = 0, packetsReceived = 0, nackCount = 0, fecPacketsReceived } = await stream(call, 'inbound');
    // Of ULPFEC Chromium keeps no count.
    const fec = fecPacketsReceived === undefined ? '' : `${fecPacketsReceived} FEC packets, `;
    const note = `${relay.counts.lost} packets lost; ${framesDecoded} of ${playback.framesTaken} pictures decoded, ${fec}${nackCount} NACKs, ${packetsReceived} packets`;
    if (relay.counts.lost < 10) throw new Error(`the link lost nothing: ${note}`);
    if (!(framesDecoded >= LEAST_SHARE * playback.framesTaken)) throw new Error(note);
    if (kind === 'FlexFEC' && !((fecPacketsReceived ?? 0) > 100)) throw new Error(`no FEC: ${note}`);
    return note;
  });
}

/** The browser's camera, of which lost packets are restored here. */
async function towardsUs(kind: Kind): Promise<string> {
  const relay = new Relay();
  let recovered = 0;
  let frames = 0;
  const counting = { name: 'recovered', slot: Slot.application, create: () => ({ name: 'recovered', handleEvent: ({ type }: { readonly type: string }) => void (recovered += type === 'recovered' ? 1 : 0) }) };
  const read = async (track: TrackEvent['track']): Promise<void> => {
    for await (const _ of track.frames()) frames++;
  };
  const options: CallOptions = {
    peer: 'chromium',
    args: ['--send', '--sendonly', ...(kind === 'FlexFEC' ? [FLAGS] : [])],
    weOffer: true,
    relay,
    connection: { mediaEngine: engineWith(kind), interceptors: new InterceptorRegistry().registerDefaults().register(counting) },
    prepare: (pc) => void pc.addTransceiverFromKind('video', { direction: 'recvonly' }),
    onTrack: ({ track }: TrackEvent) => void read(track).catch(() => {}),
  };
  return withCall(options, async (call) => {
    impair(relay, 0);
    await until(async () => ((await stream(call, 'outbound')).framesSent ?? 0) > 0, 5000, 'the first picture');
    impair(relay, LOSS);
    await sleep(LOSSY_MS);
    impair(relay, 0);
    await call.peer.ask({ type: 'stop-media' });
    await sleep(2500);
    const { framesSent = 0, nackCount = 0 } = await stream(call, 'outbound');
    const note = `${relay.counts.lost} packets lost; ${recovered} restored, ${frames} of ${framesSent} pictures complete, ${nackCount} NACKs`;
    if (relay.counts.lost < 10) throw new Error(`the link lost nothing: ${note}`);
    if (recovered < 3) throw new Error(`nothing was restored: ${note}`);
    if (!(frames >= LEAST_SHARE * framesSent)) throw new Error(note);
    return note;
  });
}

/** Opus in RED, which comes first, so that it is sent. */
function redundantOpus(): MediaEngine {
  return new MediaEngine()
    .registerDefaultHeaderExtensions()
    .registerCodec({ mimeType: 'audio/red', clockRate: 48_000, channels: 2, payloadType: 63, sdpFmtpLine: '111/111', feedback: [] })
    .registerCodec({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 111, sdpFmtpLine: 'minptime=10;useinbandfec=1', feedback: ['transport-cc'] });
}

/** Sound with each packet sent twice, the second time along with the next. */
async function redTowardsBrowser(): Promise<string> {
  const relay = new Relay();
  const track = new TrackLocalStaticSample({ codec: 'audio/opus' });
  const options: CallOptions = {
    peer: 'chromium',
    args: [],
    weOffer: true,
    relay,
    connection: { mediaEngine: redundantOpus(), interceptors: new InterceptorRegistry().registerDefaults().unregister('redundant-audio').register(redundantAudio({ distance: 1 })) },
    prepare: (pc) => void pc.addTransceiverFromTrack(track, { direction: 'sendonly' }),
    onTrack: () => {},
  };
  return withCall(options, async (call) => {
    impair(relay, LOSS);
    const playback = await play(track, 'opus');
    await sleep(LOSSY_MS);
    playback.stop();
    const { packetsReceived = 0, packetsLost = 0, packetsDiscarded = 0 } = (await call.peer.ask({ type: 'stats' })).inbound?.find(({ kind }) => kind === 'audio') ?? { kind: 'audio' };
    // A copy of what came is discarded; that of what did not come is played.
    const used = packetsReceived - packetsDiscarded;
    const note = `${packetsLost} packets lost of ${packetsReceived + packetsLost}; ${packetsDiscarded} copies not needed, ${used} used`;
    if (packetsLost < 5) throw new Error(`the link lost nothing: ${note}`);
    if (Math.abs(used - packetsLost) > 3) throw new Error(note);
    return note;
  });
}

/** The browser's microphone. */
async function redTowardsUs(): Promise<string> {
  const relay = new Relay();
  const numbers = new Set<number>();
  const timestamps: number[] = [];
  const payloadTypes = new Set<number>();
  let packets = 0;
  const options: CallOptions = {
    peer: 'chromium',
    args: ['--send', '--sendonly'],
    weOffer: true,
    relay,
    connection: { mediaEngine: redundantOpus() },
    prepare: (pc) => void pc.addTransceiverFromKind('audio', { direction: 'recvonly' }),
    onTrack: ({ track }: TrackEvent) => void readPackets(track).catch(() => {}),
  };
  const readPackets = async (track: TrackEvent['track']): Promise<void> => {
    for await (const { header, payload } of track) {
      packets++;
      numbers.add(header.sequenceNumber);
      payloadTypes.add(header.payloadType);
      // The rest is padding, of which nothing is restored.
      if (payload.length > 0) timestamps.push(header.timestamp);
    }
  };
  return withCall(options, async () => {
    impair(relay, 0);
    await until(() => packets > 0, 5000, 'the first packet');
    impair(relay, LOSS);
    await sleep(LOSSY_MS);
    impair(relay, 0);
    await sleep(500);
    const [first = 0] = timestamps;
    const last = timestamps.at(-1) ?? 0;
    const expected = ((last - first) >>> 0) / OPUS_TICKS + 1;
    const note = `${relay.counts.lost} packets lost; ${timestamps.length} of ${expected} packets of sound, payload types ${[...payloadTypes].join(', ')}`;
    if (relay.counts.lost < 5) throw new Error(`the link lost nothing: ${note}`);
    if (numbers.size !== packets || payloadTypes.size !== 1 || !payloadTypes.has(111)) throw new Error(note);
    if (!(expected - timestamps.length <= 2)) throw new Error(note);
    return note;
  });
}

export const fecSuite: Suite = {
  name: 'media-fec',
  missing: () => peerPrograms.chromium.missing(),
  cases: (): readonly Case[] => [
    ...(['FlexFEC', 'ULPFEC'] as const).flatMap((kind) => [
      { name: `${kind} towards Chromium`, run: () => towardsBrowser(kind) },
      { name: `${kind} from Chromium`, run: () => towardsUs(kind) },
    ]),
    { name: 'redundant audio towards Chromium', run: redTowardsBrowser },
    { name: 'redundant audio from Chromium', run: redTowardsUs },
  ],
};
