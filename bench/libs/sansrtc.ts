import { createPeerConnection, type DataChannel } from 'sansrtc';
import { type Channel, CHANNEL_LABELS, ChannelSet, type Connection, type ConnectOptions, type Library } from './library.ts';

function wrap(channel: DataChannel): Channel {
  let message: (data: string | Uint8Array) => void = () => {};
  let low = (): void => {};
  channel.handler = { onMessage: (data) => message(data), onBufferedAmountLow: () => low() };
  channel.bufferedAmountHighThreshold = Number.MAX_SAFE_INTEGER; // the bench keeps the mark
  return {
    get bufferedAmount() {
      return channel.bufferedAmount;
    },
    send: (data) => {
      if (!channel.trySend(data)) throw new Error('the channel had no room');
    },
    onMessage: (callback) => void (message = callback),
    onBufferedAmountLow(bytes, callback) {
      channel.bufferedAmountLowThreshold = bytes;
      low = callback;
    },
  };
}

async function connect({ offers, channels, mtuBytes, send }: ConnectOptions): Promise<Connection> {
  const set = new ChannelSet(channels);
  const pc = await createPeerConnection({
    udpAddrs: ['127.0.0.1:0'],
    ...(mtuBytes === undefined ? {} : { settings: { mtuBytes } }),
    handler: {
      onIceCandidate: (c) => {
        if (c) send({ type: 'candidate', candidate: c.candidate, sdpMid: c.sdpMid ?? '0' });
      },
      onDataChannel: (channel) => set.add(channel.label, wrap(channel)),
    },
  });
  const local = async (): Promise<void> => {
    await pc.setLocalDescription();
    const description = pc.localDescription;
    if (description) send({ type: offers ? 'offer' : 'answer', sdp: description.sdp });
  };
  if (offers) {
    for (const label of CHANNEL_LABELS.slice(0, channels)) {
      const channel = pc.createDataChannel(label);
      const wrapped = wrap(channel);
      void channel.opened.then(() => set.add(label, wrapped));
    }
    await local();
  }
  return {
    channels: set.all,
    async signal(signal) {
      if (signal.type === 'candidate') return pc.addIceCandidate({ candidate: signal.candidate, sdpMid: signal.sdpMid });
      await pc.setRemoteDescription({ type: signal.type, sdp: signal.sdp });
      if (!offers) await local();
    },
    close: () => pc.close(),
  };
}

export const library: Library = { name: 'sansrtc', connect };
