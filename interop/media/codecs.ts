// Some seconds of each codec: a peer's camera to a file that ffmpeg decodes without a complaint, and a file to the peer's decoder.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MediaEngine, type PeerConnection, type TrackEvent, type TrackRemote, TrackLocalStaticSample } from 'sansrtc';
import type { CodecCapability } from 'sansrtc/rtc';
import { hasFfmpeg } from '../codec/ffmpeg.ts';
import { type PeerReply, peerPrograms, type PeerStream } from '../spawn-peer.ts';
import { type Case, sleep, type Suite, until, within } from '../suite.ts';
import { type Call, type CallOptions, withCall } from './call.ts';
import { FRAMES_PER_SECOND, play, type Playback } from './sources.ts';
import { probe, record, recordingOf } from './recording.ts';

/** How long each peer is recorded and played to. */
const SECONDS = { chromium: 10, firefox: 6, gstreamer: 6 } as const;
/** Before the rate of decoding is measured: the first keyframe, and a jitter buffer that fills. */
const SETTLE_MS = 2500;
/** What is still on its way when a camera is stopped. */
const DRAIN_MS = 500;
const TOLERANCE = 0.01;
/** Of the rate of decoding: one frame at either end of the time in which it is measured, and the reply's way. */
const RATE_TOLERANCE = 0.05;

interface CodecCase {
  readonly peer: keyof typeof SECONDS;
  readonly codec: string;
  readonly weOffer: boolean;
  /** As ffprobe calls it. */
  readonly probed: string;
}

const CASES: readonly CodecCase[] = [
  { peer: 'chromium', codec: 'VP8', weOffer: false, probed: 'vp8' },
  { peer: 'chromium', codec: 'VP9', weOffer: true, probed: 'vp9' },
  { peer: 'chromium', codec: 'H264', weOffer: false, probed: 'h264' },
  { peer: 'chromium', codec: 'AV1', weOffer: true, probed: 'av1' },
  { peer: 'firefox', codec: 'VP8', weOffer: true, probed: 'vp8' },
  { peer: 'firefox', codec: 'VP9', weOffer: false, probed: 'vp9' },
  { peer: 'firefox', codec: 'AV1', weOffer: false, probed: 'av1' },
  { peer: 'gstreamer', codec: 'H265', weOffer: true, probed: 'hevc' },
];

/** A file that is being written. */
interface Take {
  readonly kind: 'audio' | 'video';
  readonly codec: string;
  readonly path: string;
  readonly frames: Promise<number>;
}

function startTake(track: TrackRemote, codec: string, folder: string): Take {
  const { extension, writer } = recordingOf(codec);
  const path = join(folder, `${track.kind}.${extension}`);
  return { kind: track.kind, codec, path, frames: record(path, writer, track.frames()) };
}

/** A codec and its retransmissions: whoever answers sends what is offered first. */
function only(codec: string): readonly CodecCapability[] {
  const { codecs } = MediaEngine.default();
  const wanted = codecs.filter(({ kind, name }) => kind === 'video' && name === codec);
  return codecs.filter((one) => wanted.includes(one) || wanted.some(({ payloadType }) => one.parameters.get('apt') === String(payloadType)));
}

const inboundVideo = async ({ peer }: Call): Promise<PeerStream> => (await peer.ask({ type: 'stats' })).inbound?.find(({ kind }) => kind === 'video') ?? { kind: 'video' };

/** Measures how fast the peer decodes what is played to it. */
async function watchDecoder(call: Call, seconds: number): Promise<string> {
  await until(async () => ((await inboundVideo(call)).framesDecoded ?? 0) > 0, SETTLE_MS, 'the first decoded picture');
  await sleep(SETTLE_MS);
  const [before, start] = [await inboundVideo(call), performance.now()];
  await sleep(seconds * 1000 - SETTLE_MS);
  const [after, end] = [await inboundVideo(call), performance.now()];
  const decoded = (after.framesDecoded ?? 0) - (before.framesDecoded ?? 0);
  const rate = (decoded / (end - start)) * 1000;
  const off = Math.abs(rate / FRAMES_PER_SECOND - 1);
  if (!(off <= RATE_TOLERANCE)) throw new Error(`the peer decodes ${rate.toFixed(2)} of ${FRAMES_PER_SECOND} pictures a second: ${JSON.stringify(after)}`);
  const freezes = (after.freezeCount ?? 0) - (before.freezeCount ?? 0);
  if (freezes > 0) throw new Error(`the picture froze ${freezes} times: ${JSON.stringify(after)}`);
  return `${rate.toFixed(1)} pictures a second decoded${after.freezeCount === undefined ? '' : ', no freeze'}`;
}

/** Every frame of a file must decode, and no more may be missing than were on their way. */
async function checkTake({ kind, path, frames, codec }: Take, sent: PeerReply, probed: string, seconds: number): Promise<string> {
  const written = await within(frames, 5000, 'the end of the recording');
  const found = await probe(path);
  const stream = sent.outbound?.find((out) => out.kind === kind);
  const due = kind === 'audio' ? stream?.packetsSent : (stream?.framesSent ?? stream?.framesEncoded);
  if (found.codec !== (kind === 'audio' ? 'opus' : probed)) throw new Error(`ffprobe finds ${found.codec} in a recording of ${codec}`);
  if (found.frames !== written) throw new Error(`ffprobe counts ${found.frames} of ${written} frames of ${codec}`);
  if (kind === 'audio') {
    if (!(found.seconds > seconds * (1 - TOLERANCE) && written > 0)) throw new Error(`${found.seconds} s of sound in ${written} packets`);
    return `${found.seconds.toFixed(1)} s of ${codec}`;
  }
  if (due === undefined) throw new Error('the peer does not say how many pictures it sent');
  if (Math.abs(found.frames / due - 1) > TOLERANCE) throw new Error(`${found.frames} of ${due} pictures recorded`);
  return `${found.frames} of ${due} pictures of ${codec} recorded`;
}

async function run({ peer, codec, weOffer, probed }: CodecCase): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'media-codecs-'));
  const [sound, picture] = [new TrackLocalStaticSample({ codec: 'audio/opus' }), new TrackLocalStaticSample({ codec: `video/${codec}` })];
  const takes: Take[] = [];
  const playbacks: Playback[] = [];
  const options: CallOptions = {
    peer,
    // Small pictures: a machine with two cores encodes and decodes them beside everything else.
    args: ['--send', `--codec=${codec}`, '--size=320x240'],
    weOffer,
    prepare(pc: PeerConnection) {
      pc.addTrack(sound);
      pc.addTrack(picture);
      pc.getTransceivers().find(({ kind }) => kind === 'video')?.setCodecPreferences(only(codec));
    },
    onTrack: ({ track }: TrackEvent) => void takes.push(startTake(track, track.kind === 'audio' ? 'opus' : codec, folder)),
  };
  try {
    return await withCall(options, async (call) => {
      playbacks.push(await play(sound, 'opus'), await play(picture, codec));
      const decoder = await watchDecoder(call, SECONDS[peer]);
      await call.peer.ask({ type: 'stop-media' });
      await sleep(DRAIN_MS);
      const sent = await call.peer.ask({ type: 'stats' });
      await call.pc.close();
      const notes: string[] = [];
      for (const take of takes.toSorted((a, b) => b.kind.localeCompare(a.kind))) notes.push(await checkTake(take, sent, probed, SECONDS[peer]));
      if (takes.length !== 2) throw new Error(`${takes.length} tracks came`);
      return [...notes, decoder].join(', ');
    });
  } finally {
    for (const playback of playbacks) playback.stop();
    await Promise.allSettled(takes.map(({ frames }) => frames));
    await rm(folder, { recursive: true, force: true });
  }
}

/** Each codec with a peer that has it, both ways at once. */
export const codecsSuites: readonly Suite[] = [...new Set(CASES.map(({ peer }) => peer))].map((name) => ({
  name: `media-codecs-${name}`,
  missing: async () => ((await hasFfmpeg()) ? peerPrograms[name].missing() : 'ffmpeg is not installed'),
  cases: (): readonly Case[] =>
    CASES.filter(({ peer }) => peer === name).map((one) => ({ name: `${one.codec} and opus, ${one.weOffer ? 'we offer' : 'peer offers'}`, run: () => run(one) })),
}));
