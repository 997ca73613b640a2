// npm run example broadcast
import { type PeerConnection, type RtpTransceiver, TrackForwarder } from 'sansrtc';
import { connect } from '../shared/connect.ts';
import { optionsOf } from '../shared/options.ts';
import { serve } from '../shared/serve.ts';
import type { Signal } from '../shared/signal.ts';

interface Viewer {
  readonly page: Signal;
  readonly pc: PeerConnection;
  /** What carries the broadcast to it. */
  readonly watching: RtpTransceiver[];
}

const { port } = optionsOf();
const viewers = new Set<Viewer>();
/** What is on the air: one forwarder for the picture and one for the sound, for however many watch. */
let onAir: { readonly from: Signal; readonly forwarders: TrackForwarder[] } | undefined;

function tellAll(): void {
  for (const { page } of viewers) page.send({ pages: viewers.size, onAir: onAir === undefined ? 'nobody' : onAir.from === page ? 'you' : 'another page' });
}

function watch({ page, pc, watching }: Viewer, forwarder: TrackForwarder): void {
  if (forwarder.kind === 'audio' && page === onAir?.from) return; // nobody wants to hear an echo
  watching.push(pc.addTransceiverFromTrack(forwarder, { direction: 'sendonly' }));
}

function begin(page: Signal): void {
  if (onAir) return page.send({ note: 'Another page is on the air already.' });
  onAir = { from: page, forwarders: [] };
  console.log('on the air');
  tellAll();
}

function end(page: Signal): void {
  if (onAir?.from !== page) return;
  for (const forwarder of onAir.forwarders) forwarder.close();
  onAir = undefined;
  for (const { watching } of viewers) for (const transceiver of watching.splice(0)) transceiver.stop();
  console.log('off the air');
  tellAll();
}

await serve(import.meta.url, port, async (page) => {
  const pc = await connect(page, {
    onWord({ publish }) {
      if (publish === true) begin(page);
      else if (publish === false) end(page);
    },
    handler: {
      // What is on the air comes behind the channel, whose section lives as long as the connection: browsers give up the path when the first section goes.
      onConnectionStateChange(state) {
        if (state !== 'connected' || viewers.has(viewer)) return;
        viewers.add(viewer);
        for (const forwarder of onAir?.forwarders ?? []) watch(viewer, forwarder);
        tellAll();
      },
      onTrack({ track }) {
        if (onAir?.from !== page) return;
        const forwarder = new TrackForwarder(track);
        onAir.forwarders.push(forwarder);
        for (const viewer of viewers) watch(viewer, forwarder);
      },
    },
  });
  const viewer: Viewer = { page, pc, watching: [] };
  page.onEnd(() => {
    viewers.delete(viewer);
    end(page);
    tellAll();
  });
  pc.createDataChannel('so that there is a connection before there is a picture');
});
