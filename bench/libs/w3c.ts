// For libraries that have the interface of the browsers.
import { type Channel, CHANNEL_LABELS, ChannelSet, type Connection, type ConnectOptions } from './library.ts';

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
    if (lowEvent) return void (channel.onbufferedamountlow = callback);
    const timer = setInterval(() => channel.readyState === 'open' && channel.bufferedAmount <= bytes && callback(), 1);
    channel.addEventListener('close', () => clearInterval(timer));
  },
});

/** `lowEvent`: whether the stack tells of a low buffered amount; else it is looked at each millisecond. */
export async function connectW3c(pc: RTCPeerConnection, { offers, channels, send }: ConnectOptions, lowEvent: boolean): Promise<Connection> {
  const set = new ChannelSet(channels);
  pc.onicecandidate = ({ candidate }) => {
    if (candidate?.candidate) send({ type: 'candidate', candidate: candidate.candidate, sdpMid: candidate.sdpMid ?? '0' });
  };
  const watch = (channel: RTCDataChannel): void => {
    channel.binaryType = 'arraybuffer';
    if (channel.readyState === 'open') set.add(channel.label, wrap(channel, lowEvent));
    else channel.onopen = () => set.add(channel.label, wrap(channel, lowEvent));
  };
  if (offers) for (const label of CHANNEL_LABELS.slice(0, channels)) watch(pc.createDataChannel(label));
  else pc.ondatachannel = (event) => watch(event.channel);
  /** Not awaited: in some stacks it resolves only when gathering is complete. */
  const local = (description: RTCSessionDescriptionInit): void => {
    void pc.setLocalDescription(description);
    send({ type: offers ? 'offer' : 'answer', sdp: description.sdp ?? '' });
  };
  if (offers) local(await pc.createOffer());
  return {
    channels: set.all,
    async signal(signal) {
      if (signal.type === 'candidate') return pc.addIceCandidate({ candidate: signal.candidate, sdpMid: signal.sdpMid });
      await pc.setRemoteDescription({ type: signal.type, sdp: signal.sdp });
      if (!offers) local(await pc.createAnswer());
    },
    close: async () => pc.close(),
  };
}
