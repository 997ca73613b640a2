// SCTP's INIT in the descriptions (draft-hancke-tsvwg-snap): with Chromium, which knows it when it is told to, and with peers that do not.
import { createPeerConnection, type DataChannel, type PeerConnection } from 'sansrtc';
import { nodeRuntime } from 'sansrtc/runtime/node';
import type { Runtime, UdpHandler } from 'sansrtc/runtime';
import { type PeerName, type PeerProcess, peerPrograms, startPeer } from './spawn-peer.ts';
import { type Case, type Suite, until, within } from './suite.ts';

const CHROMIUM_TRIAL = '--flags=--force-fieldtrials=WebRTC-Sctp-Snap/Enabled/';
const DTLS_APPLICATION_DATA = 23;
/** What comes before a channel is open when no handshake of SCTP does: OPEN, or what answers it. */
const RECORDS_WITHOUT_HANDSHAKE = 1;

interface Variant {
  readonly peer: PeerName;
  readonly args: readonly string[];
  readonly weOffer: boolean;
  /** What the peer's description has in the place of our line. */
  readonly theirs: 'its own' | 'none' | 'ours again';
}

/** The runtime, and how many datagrams with data it has handed over. */
function countingRuntime(): { readonly runtime: Runtime; readonly count: { records: number } } {
  const runtime = nodeRuntime();
  const count = { records: 0 };
  const bindUdp: Runtime['bindUdp'] = ({ handler, ...options }) => {
    const onDatagram: UdpHandler['onDatagram'] = (bytes, remote) => {
      if (bytes[0] === DTLS_APPLICATION_DATA) count.records++;
      handler.onDatagram(bytes, remote);
    };
    return runtime.bindUdp({ ...options, handler: { onDatagram, onError: (error) => handler.onError(error), onClose: () => handler.onClose() } });
  };
  return { runtime: { ...runtime, bindUdp }, count };
}

const lineOf = (sdp: string | undefined): string | undefined => /^a=sctp-init:(.*)$/m.exec(sdp ?? '')?.[1]?.trim();

async function gathered(pc: PeerConnection): Promise<string> {
  await until(() => pc.iceGatheringState === 'complete', 10_000, 'gathering');
  return pc.localDescription?.sdp ?? '';
}

async function negotiate(pc: PeerConnection, peer: PeerProcess, weOffer: boolean): Promise<void> {
  if (weOffer) {
    await pc.setLocalDescription();
    const { sdp } = await peer.ask({ type: 'offer', sdp: await gathered(pc) });
    await pc.setRemoteDescription({ type: 'answer', sdp });
  } else {
    const { sdp } = await peer.ask({ type: 'make-offer', data: true });
    await pc.setRemoteDescription({ type: 'offer', sdp });
    await pc.setLocalDescription();
    peer.tell({ type: 'answer', sdp: await gathered(pc) });
  }
}

async function echoes(channel: DataChannel, text: string): Promise<void> {
  await channel.send(text);
  const message = async (): Promise<unknown> => {
    for (let event = await channel.poll(); event !== undefined; event = await channel.poll()) if (event.type === 'message') return event.data;
    return undefined;
  };
  const back = await within(message(), 5000, 'the echo');
  if (back !== text) throw new Error(`'${text}' came back as ${String(back)}`);
}

function checkLines(pc: PeerConnection, { weOffer, theirs }: Variant): void {
  const [our, their] = [lineOf(pc.localDescription?.sdp), lineOf(pc.remoteDescription?.sdp)];
  const wanted = { 'its own': their !== undefined && their !== our, none: their === undefined, 'ours again': their === our }[theirs];
  if (!wanted) throw new Error(`the peer says a=sctp-init:${their}, we say ${our}`);
  if (weOffer || theirs === 'its own' ? our === undefined : our !== undefined) throw new Error(`we say a=sctp-init:${our}`);
}

async function run(variant: Variant): Promise<string> {
  const { weOffer, theirs } = variant;
  const { runtime, count } = countingRuntime();
  const peer = await startPeer(variant.peer, variant.args);
  let came: (channel: DataChannel) => void = () => {};
  const incoming = new Promise<DataChannel>((done) => (came = done));
  let recordsBefore = 0;
  const pc = await createPeerConnection({ runtime, handler: { onDataChannel: (channel) => came(channel) } });
  try {
    const ours = weOffer ? pc.createDataChannel('snap') : undefined;
    void (ours?.opened ?? incoming).then(() => (recordsBefore = count.records));
    await negotiate(pc, peer, weOffer);
    checkLines(pc, variant);
    const channel = ours ?? (await within(incoming, 15_000, "the peer's channel"));
    await within(channel.opened, 15_000, 'opening the channel');
    const isSpared = recordsBefore <= RECORDS_WITHOUT_HANDSHAKE;
    if (isSpared !== (theirs === 'its own')) throw new Error(`${recordsBefore} datagrams of data came before the channel was open`);
    await echoes(channel, 'over what was signalled');
    const before = [lineOf(pc.localDescription?.sdp), lineOf(pc.remoteDescription?.sdp)];
    pc.addTransceiver('audio', { direction: 'recvonly' });
    await negotiate(pc, peer, true);
    const after = [lineOf(pc.localDescription?.sdp), lineOf(pc.remoteDescription?.sdp)];
    if (theirs === 'its own' ? String(after) !== String(before) : after[0] !== undefined) throw new Error(`a second exchange says ${after}, the first said ${before}`);
    await echoes(channel, 'and after another exchange');
    return `${recordsBefore} datagrams of data before the channel was open`;
  } finally {
    await within(pc.close(), 5000, 'close').catch(() => {});
    await peer.close();
  }
}

const variants: readonly Variant[] = [true, false].flatMap((weOffer): readonly Variant[] => [
  { peer: 'chromium', args: [CHROMIUM_TRIAL], weOffer, theirs: 'its own' },
  { peer: 'sansrtc', args: [], weOffer, theirs: 'its own' },
  { peer: 'firefox', args: [], weOffer, theirs: 'none' },
  { peer: 'node-datachannel', args: [], weOffer, theirs: weOffer ? 'ours again' : 'none' },
]);

async function missing(): Promise<string | undefined> {
  for (const peer of new Set(variants.map((variant) => variant.peer))) {
    const reason = await peerPrograms[peer].missing();
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const cases: readonly Case[] = variants.map((variant) => ({ name: `${variant.peer}, ${variant.weOffer ? 'we offer' : 'peer offers'}`, run: () => run(variant) }));

/** The cases of SCTP's INIT in descriptions. */
export const snapSuite: Suite = { name: 'snap', missing, cases: () => cases };
