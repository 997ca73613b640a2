import nodeDataChannel from 'node-datachannel';
import { type Channel, CHANNEL_LABELS, ChannelSet, type Connection, type ConnectOptions, type Library } from './library.ts';

type Native = ReturnType<InstanceType<typeof nodeDataChannel.PeerConnection>['createDataChannel']>;

const wrap = (channel: Native): Channel => ({
  get bufferedAmount() {
    return channel.bufferedAmount();
  },
  send: (data) => void channel.sendMessageBinary(data),
  onMessage: (callback) => channel.onMessage(callback),
  onBufferedAmountLow(bytes, callback) {
    channel.setBufferedAmountLowThreshold(bytes);
    channel.onBufferedAmountLow(callback);
  },
});

async function connect({ offers, channels, send }: ConnectOptions): Promise<Connection> {
  const pc = new nodeDataChannel.PeerConnection('bench', { iceServers: [], bindAddress: '127.0.0.1' });
  const natives: Native[] = [];
  const set = new ChannelSet(channels);
  pc.onLocalDescription((sdp, type) => send({ type: type as 'offer' | 'answer', sdp }));
  pc.onLocalCandidate((candidate, sdpMid) => send({ type: 'candidate', candidate, sdpMid }));
  const watch = (native: Native): void => {
    natives.push(native);
    const label = native.getLabel();
    if (native.isOpen()) set.add(label, wrap(native));
    else native.onOpen(() => set.add(label, wrap(native)));
  };
  if (offers) for (const label of CHANNEL_LABELS.slice(0, channels)) watch(pc.createDataChannel(label));
  else pc.onDataChannel(watch);
  return {
    channels: set.all,
    async signal(signal) {
      if (signal.type === 'candidate') pc.addRemoteCandidate(signal.candidate, signal.sdpMid);
      else pc.setRemoteDescription(signal.sdp, signal.type);
    },
    async close() {
      for (const native of natives) native.close();
      pc.close();
    },
  };
}

export const library: Library = { name: 'node-datachannel', connect };
