import nodeDataChannel from 'node-datachannel';
import type { Channel, Connection, Library, Signal } from './library.ts';

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

async function connect(offers: boolean, send: (signal: Signal) => void): Promise<Connection> {
  const pc = new nodeDataChannel.PeerConnection('bench', { iceServers: [], bindAddress: '127.0.0.1' });
  let native: Native | undefined;
  pc.onLocalDescription((sdp, type) => send({ type: type as 'offer' | 'answer', sdp }));
  pc.onLocalCandidate((candidate, sdpMid) => send({ type: 'candidate', candidate, sdpMid }));
  const channel = new Promise<Channel>((done) => {
    const watch = (opened: Native): void => {
      native = opened;
      if (opened.isOpen()) done(wrap(opened));
      else opened.onOpen(() => done(wrap(opened)));
    };
    if (offers) watch(pc.createDataChannel('bench'));
    else pc.onDataChannel(watch);
  });
  return {
    channel,
    async signal(signal) {
      if (signal.type === 'candidate') pc.addRemoteCandidate(signal.candidate, signal.sdpMid);
      else pc.setRemoteDescription(signal.sdp, signal.type);
    },
    async close() {
      native?.close();
      pc.close();
    },
  };
}

export const library: Library = { name: 'node-datachannel', connect };
