// A call between this library and a peer program.
import { createPeerConnection, type DataChannel, type PeerConnection, type PeerConnectionOptions, type TrackEvent } from 'sansrtc';
import { type PeerName, type PeerProcess, type PeerReply, startPeer } from '../spawn-peer.ts';
import { until, within } from '../suite.ts';
import type { Relay } from './relay.ts';

export interface CallOptions {
  readonly peer: PeerName;
  /** Of the peer's program. */
  readonly args: readonly string[];
  readonly weOffer: boolean;
  /** The sections that the peer offers, where it does. */
  readonly kinds?: readonly ('audio' | 'video')[];
  /** What becomes of every description on its way. */
  readonly rewrite?: (sdp: string) => string;
  /** Between both ends, which are called `us` and `peer`. */
  readonly relay?: Relay;
  readonly connection?: PeerConnectionOptions;
  /** Adds what we send or want, before the first description. */
  prepare(pc: PeerConnection): void;
  onTrack(event: TrackEvent): void;
  /** A channel that the peer opened. Without this, the peer offers none. */
  onDataChannel?(channel: DataChannel): void;
}

export interface Call {
  readonly pc: PeerConnection;
  readonly peer: PeerProcess;
  /** RTCP packets that came, by type. */
  readonly rtcp: ReadonlyMap<string, number>;
  /** The states that the connection had, in order. */
  readonly states: readonly string[];
  /** See {@link CallOptions.rewrite}. */
  readonly rewrite: (sdp: string) => string;
}

const same = (sdp: string): string => sdp;

async function localSdp(pc: PeerConnection): Promise<string> {
  await until(() => pc.iceGatheringState === 'complete', 10_000, 'gathering');
  return pc.localDescription?.sdp ?? '';
}

async function negotiate(pc: PeerConnection, peer: PeerProcess, { weOffer, kinds = ['audio', 'video'], rewrite = same, relay, onDataChannel }: CallOptions): Promise<void> {
  const ours = async (): Promise<string> => rewrite(relay === undefined ? await localSdp(pc) : await relay.rewrite('us', await localSdp(pc)));
  const theirs = async ({ sdp }: PeerReply): Promise<string> => rewrite(relay === undefined ? sdp : await relay.rewrite('peer', sdp));
  if (weOffer) {
    await pc.setLocalDescription();
    const answer = await peer.ask({ type: 'offer', sdp: await ours() });
    await pc.setRemoteDescription({ type: 'answer', sdp: await theirs(answer) });
  } else {
    const offer = await peer.ask({ type: 'make-offer', data: onDataChannel !== undefined, audio: kinds.includes('audio'), video: kinds.includes('video') });
    await pc.setRemoteDescription({ type: 'offer', sdp: await theirs(offer) });
    await pc.setLocalDescription();
    peer.tell({ type: 'answer', sdp: await ours() });
  }
}

type Ends = Pick<Call, 'pc' | 'peer' | 'rewrite'>;

/** A new offer of ours, after something changed. */
export async function renegotiate({ pc, peer, rewrite }: Ends): Promise<void> {
  await pc.setLocalDescription();
  const { sdp } = await peer.ask({ type: 'offer', sdp: rewrite(await localSdp(pc)) });
  await pc.setRemoteDescription({ type: 'answer', sdp: rewrite(sdp) });
}

/** The peer's offer, with new credentials for ICE. */
export async function restartByPeer(call: Ends): Promise<void> {
  await answerPeer(call, { type: 'restart-ice' });
}

/** The peer's offer, in which one of its transceivers stops. */
export async function stopByPeer(call: Ends, index: number): Promise<void> {
  await answerPeer(call, { type: 'stop', index });
}

async function answerPeer({ pc, peer, rewrite }: Ends, request: { readonly type: 'restart-ice' } | { readonly type: 'stop'; readonly index: number }): Promise<void> {
  const { sdp } = await peer.ask(request);
  await pc.setRemoteDescription({ type: 'offer', sdp: rewrite(sdp) });
  await pc.setLocalDescription();
  peer.tell({ type: 'answer', sdp: rewrite(await localSdp(pc)) });
}

/** Connects, lets `talk` do what it wants, and closes both ends. What goes wrong is told with what both ends know. */
export async function withCall<T>(options: CallOptions, talk: (call: Call) => Promise<T>): Promise<T> {
  const peer = await startPeer(options.peer, options.args);
  const rtcp = new Map<string, number>();
  const states: string[] = [];
  const pc = await createPeerConnection({
    ...options.connection,
    handler: {
      onConnectionStateChange: (state) => void states.push(state),
      onTrack: (event) => options.onTrack(event),
      onDataChannel: (channel) => options.onDataChannel?.(channel),
      onRtcp: (packets) => {
        for (const { type } of packets) rtcp.set(type, (rtcp.get(type) ?? 0) + 1);
      },
    },
  });
  try {
    options.prepare(pc);
    await negotiate(pc, peer, options);
    await until(
      () => {
        if (pc.connectionState === 'failed') throw new Error('the connection failed');
        return pc.connectionState === 'connected';
      },
      15_000,
      'connecting',
    );
    return await talk({ pc, peer, rtcp, states, rewrite: options.rewrite ?? same });
  } catch (error) {
    const log = process.env.PEERS_LOG ? '' : peer.log();
    const stats = await peer.ask({ type: 'stats' }).catch(() => undefined);
    const known = JSON.stringify({ inbound: stats?.inbound, outbound: stats?.outbound });
    throw new Error(`${(error as Error).message}; we are ${pc.connectionState}, the peer is ${stats?.state} ${known}${log && `\n       peer: ${log.split('\n').slice(-3).join(' | ')}`}`, { cause: error });
  } finally {
    await within(pc.close(), 5000, 'close').catch(() => {});
    await peer.close();
    options.relay?.close();
  }
}
