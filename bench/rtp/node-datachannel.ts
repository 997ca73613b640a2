import nodeDataChannel, { type Track } from 'node-datachannel';
import { PAYLOAD_TYPE, type RtpConnection, type RtpLibrary, type RtpOptions, SSRC } from './library.ts';

/** The library closes what JavaScript collects. */
const sending = new Set<Track>();
const receiving = new Set<Track>();

/** Its default is its least: it sends what it is given and hands over what comes, until handlers for more are added to a track. */
async function connect({ offers, send, onRtp }: RtpOptions): Promise<RtpConnection> {
  const pc = new nodeDataChannel.PeerConnection('bench', { iceServers: [], bindAddress: '127.0.0.1', disableAutoNegotiation: true });
  pc.onLocalDescription((sdp, type) => send({ type: type as 'offer' | 'answer', sdp }));
  pc.onLocalCandidate((candidate, sdpMid) => send({ type: 'candidate', candidate, sdpMid }));
  let own: Track | undefined;
  const ready = new Promise<void>((done) => {
    const watch = (track: Track): void => {
      own = track;
      (offers ? sending : receiving).add(track);
      if (!offers) track.onMessage(onRtp);
      if (track.isOpen()) done();
      else track.onOpen(done);
    };
    if (offers) {
      const video = new nodeDataChannel.Video('video', 'SendOnly');
      video.addVP8Codec(PAYLOAD_TYPE);
      video.addSSRC(SSRC, 'bench', 'bench', 'bench');
      watch(pc.addTrack(video));
      pc.setLocalDescription('offer');
    } else pc.onTrack(watch);
  });
  return {
    ready,
    async signal(signal) {
      if (signal.type === 'candidate') return pc.addRemoteCandidate(signal.candidate, signal.sdpMid);
      pc.setRemoteDescription(signal.sdp, signal.type);
      if (!offers) pc.setLocalDescription('answer');
    },
    async close() {
      if (own) sending.delete(own);
      pc.close();
    },
  };
}

export const library: RtpLibrary = {
  name: 'node-datachannel',
  connect,
  write(packet) {
    for (const track of sending) track.sendMessageBinary(packet);
  },
};
