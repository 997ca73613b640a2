// npm run example simulcast-bidirection -- --seconds=3
import { setTimeout as sleep } from 'node:timers/promises';
import { type PeerConnection, type TrackEvent, TrackLocalStaticSample } from 'sansrtc';
import { optionsWithoutPage } from '../shared/options.ts';
import { createPair, negotiate } from '../shared/pair.ts';
import { fileOf, play } from '../shared/play.ts';

const { seconds } = optionsWithoutPage({ seconds: { default: 3, help: 'how long to send', least: 1 } });
const file = fileOf('picture.vp8.ivf');
const rids = ['small', 'medium', 'large'];
const frames = new Map<string, number>();

/** Counts the frames of every encoding that comes. */
const countAt = (name: string) => async ({ track }: TrackEvent): Promise<void> => {
  const key = `${name} from the other: ${track.rid}`;
  for await (const frame of track.frames()) frames.set(key, (frames.get(key) ?? 0) + (frame.data.length > 0 ? 1 : 0));
};

const stop = new AbortController();

/** Sends a file in three encodings, once there is a connection. */
async function sendThree(pc: PeerConnection): Promise<void> {
  const { sender } = pc.addTransceiverFromKind('video', { direction: 'sendonly', sendEncodings: rids.map((rid) => ({ rid })) });
  for (const rid of rids) {
    const track = new TrackLocalStaticSample({ codec: 'video/VP8' });
    void pc.connected().then(() => play(file, track, stop.signal));
    await sender.replaceTrack(track, rid);
  }
}

const [a, b] = await createPair({ handler: { onTrack: countAt('a') } }, { handler: { onTrack: countAt('b') } }, sendThree);
await sendThree(b);
await negotiate(b, a);
await Promise.all([a.connected(), b.connected()]);
await sleep(seconds * 1000);
stop.abort();
console.table(Object.fromEntries([...frames].map(([what, count]) => [what, { frames: count }])));
await Promise.all([a.close(), b.close()]);
