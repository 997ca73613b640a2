// npm run example play-from-disk-fec -- --every=20 --share=30
import { MediaEngine, TrackLocalStaticSample } from 'sansrtc';
import { fecSender, InterceptorRegistry } from 'sansrtc/interceptor';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { fileOf, play, whileOpen } from '../shared/play.ts';
import { serve } from '../shared/serve.ts';
import { LossyPath } from './lossy-path.ts';

const { port, every, share } = optionsOf({
  every: { default: 20, least: 2, help: 'one packet of so many is lost' },
  share: { default: 30, most: 50, help: 'FEC packets for a hundred packets of media' },
});
const file = fileOf('picture.vp8.ivf');

// No feedback `nack` and no rtx: what is lost is not sent again.
const feedback = ['transport-cc', 'ccm fir', 'nack pli'];
const mediaEngine = new MediaEngine()
  .registerDefaultHeaderExtensions()
  .registerCodec({ mimeType: 'video/VP8', clockRate: 90_000, feedback, rtx: false })
  .registerCodec({ mimeType: 'video/red', clockRate: 90_000, feedback: [] })
  .registerCodec({ mimeType: 'video/ulpfec', clockRate: 90_000, feedback: [] });

await serve(import.meta.url, port, async (page) => {
  const path = new LossyPath(every);
  const fec = fecSender({ minShare: share / 100, maxShare: share / 100 });
  const interceptors = new InterceptorRegistry().registerDefaults().register(fec).register(path.factory);
  const pc = await connect(page, { mediaEngine, interceptors });
  // Several packets for each frame, so that there is something to share.
  const track = new TrackLocalStaticSample({ codec: 'video/VP8', packetizer: { maxPayloadBytes: 300 } });
  const { sender } = pc.addTransceiverFromTrack(track, { direction: 'sendonly' });
  await pc.connected();
  if (!sender.getParameters().codecs.some(({ name }) => name === 'ulpfec')) page.send({ error: 'This browser does not take ULPFEC.' });
  const timer = setInterval(() => page.send({ lost: path.lost, fec: path.fec }), 500);
  page.onEnd(() => clearInterval(timer));
  console.log(`playing, with one of ${every} packets lost and ${share} % FEC`);
  await play(file, track, whileOpen(page));
});
