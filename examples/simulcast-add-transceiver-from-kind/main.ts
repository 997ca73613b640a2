// npm run example simulcast-add-transceiver-from-kind
import { type PeerConnection, TrackForwarder, TrackLocalStaticSample, type TrackRemote } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { createPair } from '../shared/pair.ts';
import { fileOf, play } from '../shared/play.ts';
import { serve } from '../shared/serve.ts';

const { port } = optionsOf();
const files = { low: fileOf('picture-low.vp8.ivf'), middle: fileOf('picture.vp8.ivf'), high: fileOf('picture-high.vp8.ivf') };

const encodings = new Map<string, TrackRemote>();
const rids = Object.keys(files);
const ending = new AbortController();

/** A sender with three encodings, each with a file of its own; they begin one after the other, so that their clocks tell them apart. */
async function publish(pc: PeerConnection): Promise<void> {
  const { sender } = pc.addTransceiverFromKind('video', { direction: 'sendonly', sendEncodings: rids.map((rid) => ({ rid })) });
  for (const [i, [rid, file]] of Object.entries(files).entries()) {
    const track = new TrackLocalStaticSample({ codec: 'video/VP8' });
    setTimeout(() => void play(file, track, ending.signal), i * 700);
    await sender.replaceTrack(track, rid);
  }
}

const [publisher, receiver] = await createPair({}, { handler: { onTrack: ({ track }) => void encodings.set(track.rid ?? '', track) } }, publish);
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    ending.abort();
    void Promise.all([publisher.close(), receiver.close()]);
  });
}
await publisher.connected();
console.log(`${encodings.size} encodings arrive: ${[...encodings.keys()].join(', ')}`);

await serve(import.meta.url, port, async (page) => {
  const forwarder = new TrackForwarder(encodings.get('low')!, { id: 'chosen', streamId: 'chosen' });
  page.onEnd(() => forwarder.close());
  const pc = await connect(page, {
    onWord({ rid }) {
      const chosen = encodings.get(String(rid));
      if (!chosen) return;
      forwarder.switchTo(chosen);
      page.send({ shown: rid });
      console.log(`the page wants ${rid}`);
    },
  });
  pc.addTransceiverFromTrack(forwarder, { direction: 'sendonly' });
  page.send({ rids, shown: 'low' });
});
