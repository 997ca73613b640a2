import { createPeerConnection, type DataChannel } from 'sansrtc';
import type { Channel, Connection, Library, Signal } from './library.ts';

function wrap(channel: DataChannel): Channel {
  let message: (data: string | Uint8Array) => void = () => {};
  let low = (): void => {};
  channel.handler = { onMessage: (data) => message(data), onBufferedAmountLow: () => low() };
  channel.bufferedAmountHighThreshold = Number.MAX_SAFE_INTEGER; // the bench keeps the mark
  return {
    get bufferedAmount() {
      return channel.bufferedAmount;
    },
    send: (data) => void channel.trySend(data),
    onMessage: (callback) => void (message = callback),
    onBufferedAmountLow(bytes, callback) {
      channel.bufferedAmountLowThreshold = bytes;
      low = callback;
    },
  };
}

async function connect(offers: boolean, send: (signal: Signal) => void): Promise<Connection> {
  let came: (channel: Channel) => void = () => {};
  let incoming = new Promise<Channel>((done) => (came = done));
  const pc = await createPeerConnection({
    udpAddrs: ['127.0.0.1:0'],
    handler: {
      onIceCandidate: (c) => {
        if (c) send({ type: 'candidate', candidate: c.candidate, sdpMid: c.sdpMid ?? '0' });
      },
      onDataChannel: (channel) => came(wrap(channel)),
    },
  });
  const local = async (): Promise<void> => {
    await pc.setLocalDescription();
    const description = pc.localDescription;
    if (description) send({ type: offers ? 'offer' : 'answer', sdp: description.sdp });
  };
  if (offers) {
    const channel = pc.createDataChannel('bench');
    const wrapped = wrap(channel);
    incoming = channel.opened.then(() => wrapped);
    await local();
  }
  return {
    channel: incoming,
    async signal(signal) {
      if (signal.type === 'candidate') return pc.addIceCandidate({ candidate: signal.candidate, sdpMid: signal.sdpMid });
      await pc.setRemoteDescription({ type: signal.type, sdp: signal.sdp });
      if (!offers) await local();
    },
    close: () => pc.close(),
  };
}

export const library: Library = { name: 'sansrtc', connect };
