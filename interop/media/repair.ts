// A link that loses one packet in twenty, in either direction, between this library and a browser.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TrackEvent, TrackLocalStaticSample } from 'sansrtc';
import { hasFfmpeg } from '../codec/ffmpeg.ts';
import { peerPrograms, type PeerStream } from '../spawn-peer.ts';
import { type Case, sleep, type Suite, until, within } from '../suite.ts';
import { type Call, type CallOptions, withCall } from './call.ts';
import { probe, record, recordingOf } from './recording.ts';
import { Relay } from './relay.ts';
import { play } from './sources.ts';

const LOSS = 0.05;
const DELAY_MS = 20;
const LOSSY_MS = 8000;
const LEAST_SHARE = 0.95;
/** What is on its way when counting ends. */
const DRAIN_MS = 1000;
const CODEC = 'VP8';

const stream = async ({ peer }: Call, direction: 'inbound' | 'outbound'): Promise<PeerStream> =>
  (await peer.ask({ type: 'stats' }))[direction]?.find(({ kind }) => kind === 'video') ?? { kind: 'video' };

function impair(relay: Relay, loss: number): void {
  for (const end of ['us', 'peer'] as const) relay.impair(end, { loss, delayMs: DELAY_MS });
}

/** A file is played to the browser. */
async function towardsBrowser(): Promise<string> {
  const relay = new Relay();
  // Small packets, so that many go.
  const track = new TrackLocalStaticSample({ codec: `video/${CODEC}`, packetizer: { maxPayloadBytes: 250 } });
  const options: CallOptions = {
    peer: 'chromium',
    args: [`--codec=${CODEC}`],
    weOffer: true,
    relay,
    prepare: (pc) => void pc.addTransceiverFromTrack(track, { direction: 'sendonly' }),
    onTrack: () => {},
  };
  return withCall(options, async (call) => {
    impair(relay, 0);
    const playback = await play(track, CODEC);
    try {
      await until(async () => ((await stream(call, 'inbound')).framesDecoded ?? 0) > 0, 5000, 'the first decoded picture');
      impair(relay, LOSS);
      await sleep(LOSSY_MS);
    } finally {
      playback.stop();
    }
    impair(relay, 0);
    await sleep(DRAIN_MS);
    const { framesDecoded = 0, nackCount = 0, retransmittedPacketsReceived = 0, packetsReceived = 0, pliCount } = await stream(call, 'inbound');
    const share = framesDecoded / playback.framesTaken;
    const note = `${relay.counts.lost} packets lost; ${framesDecoded} of ${playback.framesTaken} pictures decoded, ${nackCount} NACKs, ${retransmittedPacketsReceived} retransmissions among ${packetsReceived} packets, ${pliCount} PLI`;
    if (relay.counts.lost < 10) throw new Error(`the link lost nothing: ${note}`);
    if (!(share >= LEAST_SHARE)) throw new Error(note);
    if (nackCount === 0 || retransmittedPacketsReceived === 0) throw new Error(`nothing was repaired: ${note}`);
    return note;
  });
}

/** The browser's camera is recorded. */
async function towardsUs(): Promise<string> {
  const relay = new Relay();
  const folder = await mkdtemp(join(tmpdir(), 'media-repair-'));
  const path = join(folder, 'camera.ivf');
  let recorded: Promise<number> | undefined;
  const options: CallOptions = {
    peer: 'chromium',
    args: ['--send', '--sendonly', `--codec=${CODEC}`],
    weOffer: false,
    kinds: ['video'],
    relay,
    prepare: () => {},
    onTrack: ({ track }: TrackEvent) => void (recorded = record(path, recordingOf(CODEC).writer, track.frames())),
  };
  try {
    return await withCall(options, async (call) => {
      impair(relay, 0);
      await until(async () => ((await stream(call, 'outbound')).framesSent ?? 0) > 0, 5000, 'the first picture');
      impair(relay, LOSS);
      await sleep(LOSSY_MS);
      await call.peer.ask({ type: 'stop-media' });
      impair(relay, 0);
      await sleep(DRAIN_MS);
      const { framesSent = 0, nackCount = 0, retransmittedPacketsSent = 0, packetsSent = 0 } = await stream(call, 'outbound');
      await call.pc.close();
      const frames = await within(recorded ?? Promise.resolve(0), 5000, 'the end of the recording');
      const note = `${relay.counts.lost} packets lost; ${frames} of ${framesSent} pictures complete, ${nackCount} NACKs and ${retransmittedPacketsSent} retransmissions among ${packetsSent} packets`;
      if (relay.counts.lost < 10) throw new Error(`the link lost nothing: ${note}`);
      if (!(frames >= framesSent * LEAST_SHARE)) throw new Error(note);
      if (nackCount === 0 || retransmittedPacketsSent === 0) throw new Error(`nothing was repaired: ${note}`);
      const found = await probe(path);
      if (found.frames !== frames) throw new Error(`ffprobe counts ${found.frames} frames: ${note}`);
      return note;
    });
  } finally {
    await recorded?.catch(() => {});
    await rm(folder, { recursive: true, force: true });
  }
}

export const repairSuite: Suite = {
  name: 'media-repair',
  missing: async () => ((await hasFfmpeg()) ? peerPrograms.chromium.missing() : 'ffmpeg is not installed'),
  cases: (): readonly Case[] => [
    { name: '5 % loss towards Chromium', run: towardsBrowser },
    { name: '5 % loss from Chromium', run: towardsUs },
  ],
};
