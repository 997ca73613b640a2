import { MediaStreamTrack, RTCPeerConnection, useVP8 } from 'werift';
import type { RtpConnection, RtpLibrary, RtpOptions } from './library.ts';

/** Without servers it would ask a public one, and it connects when that has answered. */
const iceServers = [{ urls: `stun:127.0.0.1:${process.env.BENCH_STUN_PORT}` }];
const track = new MediaStreamTrack({ kind: 'video' });

async function connect({ offers, features, send, onRtp }: RtpOptions): Promise<RtpConnection> {
  // Without arguments this is the codec of its own defaults: with NACK, PLI and REMB.
  const vp8 = features === 'least' ? useVP8({ rtcpFeedback: [] }) : useVP8();
  const pc = new RTCPeerConnection({ iceServers, iceUseIpv6: false, iceAdditionalHostAddresses: ['127.0.0.1'], codecs: { video: [vp8], audio: [] } });
  pc.onIceCandidate.subscribe((candidate) => {
    if (candidate?.candidate) send({ type: 'candidate', candidate: candidate.candidate, sdpMid: candidate.sdpMid ?? '0' });
  });
  const ready = pc.connectionStateChange.watch((state) => state === 'connected');
  pc.onTrack.subscribe((remote) => remote.onReceiveRtp.subscribe(onRtp));
  /** Not awaited: it resolves only when gathering is complete. */
  const local = (description: { readonly type: string; readonly sdp: string }): void => {
    void pc.setLocalDescription(description as Parameters<typeof pc.setLocalDescription>[0]);
    send({ type: offers ? 'offer' : 'answer', sdp: description.sdp });
  };
  if (offers) {
    pc.addTransceiver(track, { direction: 'sendonly' });
    local(await pc.createOffer());
  }
  return {
    ready,
    async signal(signal) {
      if (signal.type === 'candidate') return pc.addIceCandidate({ candidate: signal.candidate, sdpMid: signal.sdpMid });
      await pc.setRemoteDescription({ type: signal.type, sdp: signal.sdp });
      if (!offers) local(await pc.createAnswer());
    },
    close: () => pc.close(),
  };
}

export const library: RtpLibrary = { name: 'werift', connect, write: (packet) => track.writeRtp(packet) };
