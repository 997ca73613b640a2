// npm run example play-from-disk-renegotiation
import { type RtpTransceiver, TrackLocalStaticSample } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { fileOf, play, whileOpen } from '../shared/play.ts';
import { serve } from '../shared/serve.ts';

const { port, most } = optionsOf({ most: { default: 6, help: 'the most pictures at a time', least: 1 } });
const file = fileOf('picture.vp8.ivf');

await serve(import.meta.url, port, async (page) => {
  const playing: { readonly transceiver: RtpTransceiver; stop(): void }[] = [];
  const gone = whileOpen(page);
  const pc = await connect(page, {
    onWord({ action }) {
      if (action === 'add') add();
      else if (action === 'remove') remove();
      page.send({ pictures: playing.length });
      console.log(`${playing.length} pictures, ${pc.getTransceivers().length} transceivers`);
    },
  });
  pc.createDataChannel('so that there is a connection before there is a picture');

  function add(): void {
    if (playing.length >= most) return;
    const stop = new AbortController();
    const track = new TrackLocalStaticSample({ codec: 'video/VP8' });
    playing.push({ transceiver: pc.addTransceiverFromTrack(track, { direction: 'sendonly' }), stop: () => stop.abort() });
    void play(file, track, AbortSignal.any([stop.signal, gone]));
  }

  function remove(): void {
    const last = playing.pop();
    last?.stop();
    last?.transceiver.stop();
  }
});
