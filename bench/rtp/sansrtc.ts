import { createPeerConnection, InterceptorRegistry, MediaEngine, TrackLocalStaticRtp } from 'sansrtc';
import { reports } from 'sansrtc/interceptor';
import type { RtpConnection, RtpLibrary, RtpOptions } from './library.ts';

const track = new TrackLocalStaticRtp({ codec: 'video/VP8' });

const least = {
  mediaEngine: new MediaEngine().registerCodec({ mimeType: 'video/VP8', clockRate: 90_000, feedback: [], rtx: false }),
  interceptors: new InterceptorRegistry().register(reports()),
};

async function connect({ offers, features, send, onRtp }: RtpOptions): Promise<RtpConnection> {
  let connected = (): void => {};
  const ready = new Promise<void>((done) => (connected = done));
  const pc = await createPeerConnection({
    udpAddrs: ['127.0.0.1:0'],
    ...(features === 'least' ? least : undefined),
    handler: {
      onIceCandidate: (c) => {
        if (c) send({ type: 'candidate', candidate: c.candidate, sdpMid: c.sdpMid ?? '0' });
      },
      onConnectionStateChange: (state) => {
        if (state === 'connected') connected();
      },
      onTrack: ({ track: remote }) => void (remote.handler = { onRtp }),
    },
  });
  const local = async (): Promise<void> => {
    await pc.setLocalDescription();
    const description = pc.localDescription;
    if (description) send({ type: offers ? 'offer' : 'answer', sdp: description.sdp });
  };
  if (offers) {
    pc.addTransceiverFromTrack(track, { direction: 'sendonly' });
    await local();
  }
  return {
    ready,
    async signal(signal) {
      if (signal.type === 'candidate') return pc.addIceCandidate({ candidate: signal.candidate, sdpMid: signal.sdpMid });
      await pc.setRemoteDescription({ type: signal.type, sdp: signal.sdp });
      if (!offers) await local();
    },
    close: () => pc.close(),
  };
}

export const library: RtpLibrary = { name: 'sansrtc', connect, write: (packet) => void track.writeRtp(packet) };
