// For libraries that have the interface of the browsers.
import type { Channel, Connection, Signal } from './library.ts';

const wrap = (channel: RTCDataChannel, lowEvent: boolean): Channel => ({
  get bufferedAmount() {
    return channel.bufferedAmount;
  },
  send: (data) => channel.send(data),
  onMessage(callback) {
    channel.onmessage = ({ data }: { data: ArrayBuffer | ArrayBufferView | string }) => callback(data);
  },
  onBufferedAmountLow(bytes, callback) {
    channel.bufferedAmountLowThreshold = bytes;
    if (lowEvent) channel.onbufferedamountlow = callback;
    else setInterval(() => channel.readyState === 'open' && channel.bufferedAmount <= bytes && callback(), 1);
  },
});

/** `lowEvent`: whether the stack tells of a low buffered amount; else it is looked at each millisecond. */
export async function connectW3c(pc: RTCPeerConnection, offers: boolean, send: (signal: Signal) => void, lowEvent: boolean): Promise<Connection> {
  pc.onicecandidate = ({ candidate }) => {
    if (candidate?.candidate) send({ type: 'candidate', candidate: candidate.candidate, sdpMid: candidate.sdpMid ?? '0' });
  };
  const channel = new Promise<Channel>((done) => {
    const watch = (opened: RTCDataChannel): void => {
      opened.binaryType = 'arraybuffer';
      if (opened.readyState === 'open') done(wrap(opened, lowEvent));
      else opened.onopen = () => done(wrap(opened, lowEvent));
    };
    if (offers) watch(pc.createDataChannel('bench'));
    else pc.ondatachannel = (event) => watch(event.channel);
  });
  /** Not awaited: in some stacks it resolves only when gathering is complete. */
  const local = (description: RTCSessionDescriptionInit): void => {
    void pc.setLocalDescription(description);
    send({ type: offers ? 'offer' : 'answer', sdp: description.sdp ?? '' });
  };
  if (offers) local(await pc.createOffer());
  return {
    channel,
    async signal(signal) {
      if (signal.type === 'candidate') return pc.addIceCandidate({ candidate: signal.candidate, sdpMid: signal.sdpMid });
      await pc.setRemoteDescription({ type: signal.type, sdp: signal.sdp });
      if (!offers) local(await pc.createAnswer());
    },
    close: async () => pc.close(),
  };
}
