import type { DataChannel, PeerConnection } from '../../src/api/index.ts';
import { type ConnectionPool, type ConnectionPoolOptions, createConnectionPool, type PooledPeerConnection, type PooledPeerConnectionOptions } from '../../src/pool/index.ts';

const entry: URL = new URL('pool-worker.mjs', import.meta.url);

/** A pool whose workers run the sources. */
export function sourcePool(options: ConnectionPoolOptions = {}): ConnectionPool {
  return createConnectionPool({ workers: 2, entry, ...options });
}

/** Makes connections and descriptions go from one to the other. */
export async function negotiate(a: PeerConnection | PooledPeerConnection, b: PeerConnection | PooledPeerConnection): Promise<void> {
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription!);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription!);
}

export interface PooledPair {
  readonly a: PooledPeerConnection;
  readonly b: PooledPeerConnection;
  readonly channelA: DataChannel;
  readonly channelB: DataChannel;
}

/** Two connections of a pool with an open channel between them; candidates are trickled. */
export async function connectPooled(pool: ConnectionPool, options: { readonly a?: PooledPeerConnectionOptions; readonly b?: PooledPeerConnectionOptions } = {}): Promise<PooledPair> {
  let take: (channel: DataChannel) => void = () => {};
  const incoming = new Promise<DataChannel>((resolve) => (take = resolve));
  const udpAddrs = ['127.0.0.1:0'];
  const a: PooledPeerConnection = await pool.createPeerConnection({ udpAddrs, ...options.a, handler: { ...options.a?.handler, onIceCandidate: (candidate) => b?.addIceCandidate(candidate).catch(() => {}) } });
  const b: PooledPeerConnection = await pool.createPeerConnection({
    udpAddrs,
    ...options.b,
    handler: { ...options.b?.handler, onIceCandidate: (candidate) => a.addIceCandidate(candidate).catch(() => {}), onDataChannel: (channel) => take(channel) },
  });
  const channelA = a.createDataChannel('test');
  await negotiate(a, b);
  await channelA.opened;
  return { a, b, channelA, channelB: await incoming };
}
