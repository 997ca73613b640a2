// Data channels with a real peer: connect, a thousand messages each way, channels and connections closed from both ends.
import { createPeerConnection, type DataChannel, type PeerConnection } from 'sansrtc';
import { indexOf, makeMessages, type Message, same, sizeInBytes } from './messages.ts';
import { type PeerName, type PeerProcess, peerPrograms, startPeer } from './spawn-peer.ts';
import { type Case, type Suite, until, within } from './suite.ts';

const MESSAGES = 1000;
/** In flight each way, in bytes: with no retransmission nothing may overflow the system's socket buffers. */
const WINDOW_BYTES = { reliable: 256 * 1024, unreliable: 48 * 1024 } as const;

interface Variant {
  readonly weOffer: boolean;
  readonly reliable: boolean;
  readonly init: { readonly ordered: boolean; readonly maxRetransmits?: number };
}

/** What a peer does in another way than most. */
interface Habits {
  /** It takes empty messages but cannot send any. */
  readonly noEmpty?: boolean;
  /** It cannot announce a channel that is both unordered and limited. */
  readonly orderedOnly?: boolean;
  /** It goes without a word, or takes no notice when we do; we and it find out by consent or heartbeat only. */
  readonly silentEnd?: boolean;
}
const HABITS: Partial<Record<PeerName, Habits>> = {
  werift: { noEmpty: true, orderedOnly: true },
  gstreamer: { noEmpty: true, silentEnd: true },
};

async function localSdp(pc: PeerConnection): Promise<string> {
  await until(() => pc.iceGatheringState === 'complete', 10_000, 'gathering');
  return pc.localDescription?.sdp ?? '';
}

async function negotiate(pc: PeerConnection, peer: PeerProcess, v: Variant): Promise<void> {
  if (v.weOffer) {
    await pc.setLocalDescription(await pc.createOffer());
    const { sdp } = await peer.ask({ type: 'offer', sdp: await localSdp(pc) });
    await pc.setRemoteDescription({ type: 'answer', sdp });
  } else {
    const { sdp } = await peer.ask({ type: 'make-offer', data: true, channel: v.init });
    await pc.setRemoteDescription({ type: 'offer', sdp });
    await pc.setLocalDescription(await pc.createAnswer());
    peer.tell({ type: 'answer', sdp: await localSdp(pc) });
  }
}

/** Sends every message, a window at a time, and checks that each of the first `due` comes back once and unchanged. */
async function echo(channel: DataChannel, v: Variant, messages: readonly Message[], due: number): Promise<void> {
  const count = messages.length;
  const seen = new Uint8Array(count);
  const windowBytes = v.reliable ? WINDOW_BYTES.reliable : WINDOW_BYTES.unreliable;
  let inFlight = 0;
  let received = 0;
  let sent = 0;
  let roomCame = (): void => {};

  const reader = (async () => {
    for await (const message of channel) {
      const index = indexOf(message, count);
      const wanted = messages[index];
      if (wanted === undefined || !same(message, wanted)) throw new Error(`${typeof message} of ${message.length} came back changed (message ${index})`);
      if (seen[index]) throw new Error(`message ${index} came back twice`);
      if (v.reliable && index !== received) throw new Error(`message ${index} came back where ${received} was due`);
      seen[index] = 1;
      received++;
      inFlight -= sizeInBytes(wanted);
      roomCame();
      if (received === due) return;
    }
    throw new Error(`the channel ended after ${received} of ${due} messages`);
  })();
  const writer = (async () => {
    for (const message of messages) {
      while (inFlight > 0 && inFlight + sizeInBytes(message) > windowBytes) await new Promise<void>((done) => (roomCame = done));
      inFlight += sizeInBytes(message);
      await channel.send(message);
      sent++;
    }
  })();
  const all = Promise.race([reader, writer.then(() => reader)]);
  await within(all, 30_000, 'echo').catch((error: Error) => {
    const lost = [...seen.subarray(0, sent).keys()].filter((index) => !seen[index]);
    throw new Error(`${error.message} (${sent} sent, ${received} of ${due} back, not back: ${lost.slice(0, 10).join(' ')})`);
  });
}

async function peerChannel(peer: PeerProcess, label: string): Promise<{ state: string; ordered?: boolean; maxRetransmits?: number | null } | undefined> {
  const { channels = [] } = await peer.ask({ type: 'stats' });
  return channels.find((c) => c.label === label);
}

/** The peer must have opened the channel as it was announced, as far as it shows. */
async function sameParameters(channel: DataChannel, peer: PeerProcess, v: Variant): Promise<void> {
  const wanted = v.init;
  const known = async (): Promise<boolean> => (await peerChannel(peer, channel.label)) !== undefined;
  await until(known, 5000, `the peer's channel '${channel.label}'`);
  const theirs = (await peerChannel(peer, channel.label)) ?? { state: '' };
  if (theirs.ordered !== undefined && theirs.ordered !== wanted.ordered) throw new Error(`the peer's channel has ordered=${theirs.ordered}`);
  if (theirs.maxRetransmits !== undefined && (theirs.maxRetransmits ?? undefined) !== wanted.maxRetransmits) {
    throw new Error(`the peer's channel has maxRetransmits=${theirs.maxRetransmits}`);
  }
  if (channel.ordered !== wanted.ordered || (channel.maxRetransmits ?? undefined) !== wanted.maxRetransmits) {
    throw new Error(`our channel has ordered=${channel.ordered} maxRetransmits=${channel.maxRetransmits}`);
  }
}

/** A channel opened in-band on the running association that has carried a message both ways. */
async function anotherChannel(pc: PeerConnection, label: string): Promise<DataChannel> {
  const channel = pc.createDataChannel(label);
  await within(channel.opened, 5000, `opening '${label}'`);
  await channel.send(label);
  for await (const message of channel) {
    if (message !== label) throw new Error(`'${label}' came back as ${typeof message} of ${message.length}`);
    return channel;
  }
  throw new Error(`'${label}' closed before its echo came`);
}

const ended = (state: string | undefined): boolean => state === undefined || state === 'closed' || state === 'failed' || state === 'disconnected';

async function closeFromBothEnds(pc: PeerConnection, peer: PeerProcess, first: DataChannel, v: Variant, habits: Habits): Promise<void> {
  peer.tell({ type: 'close-channel', label: first.label });
  await within(first.closed, 5000, 'the close of a channel by the peer');
  const second = await anotherChannel(pc, 'second');
  await second.close();
  await until(async () => ended((await peerChannel(peer, 'second'))?.state), 5000, 'the close of a channel by us, seen by the peer');
  const third = await anotherChannel(pc, 'third');
  if (v.weOffer) {
    await peer.ask({ type: 'hang-up' });
    if (!habits.silentEnd) await within(third.closed, 5000, 'the end of the connection by the peer');
    await pc.close();
  } else {
    await pc.close();
    if (third.readyState !== 'closed') throw new Error(`a channel of a closed connection is ${third.readyState}`);
    const over = async (): Promise<boolean> => {
      const stats = await peer.ask({ type: 'stats' });
      return ended(stats.state) || ended(stats.channels?.find((c) => c.label === 'third')?.state);
    };
    if (!habits.silentEnd) await until(over, 5000, 'the end of the connection by us, seen by the peer');
  }
}

async function run(name: PeerName, v: Variant): Promise<string> {
  const habits = HABITS[name] ?? {};
  const peer = await startPeer(name);
  let came: (channel: DataChannel) => void = () => {};
  const incoming = new Promise<DataChannel>((done) => (came = done));
  const pc = await createPeerConnection({ handler: { onDataChannel: (channel) => came(channel) } });
  try {
    const start = performance.now();
    const ours = v.weOffer ? pc.createDataChannel('check', v.init) : undefined;
    await negotiate(pc, peer, v);
    const channel = ours ?? (await within(incoming, 15_000, `the peer's channel (${pc.connectionState})`));
    await within(channel.opened, 15_000, 'opening the channel');
    const connected = performance.now();
    await sameParameters(channel, peer, v);
    await echo(channel, v, makeMessages(MESSAGES), habits.noEmpty ? MESSAGES - 2 : MESSAGES);
    await until(async () => (await peer.ask({ type: 'stats' })).dataMessages === MESSAGES, 5000, 'all messages at the peer');
    const echoed = performance.now();
    await closeFromBothEnds(pc, peer, channel, v, habits);
    return `open after ${(connected - start).toFixed(0)} ms, ${MESSAGES} messages each way in ${(echoed - connected).toFixed(0)} ms, closed from both ends`;
  } catch (error) {
    const log = process.env.PEERS_LOG ? '' : peer.log();
    const stats = await peer.ask({ type: 'stats' }).catch(() => undefined);
    throw new Error(`${(error as Error).message}; we are ${pc.connectionState}, the peer is ${stats?.state} and got ${stats?.dataMessages} messages${log && `\n       peer: ${log.split('\n').slice(-3).join(' | ')}`}`, { cause: error });
  } finally {
    await within(pc.close(), 5000, 'close').catch(() => {});
    await peer.close();
  }
}

/** The cases with one peer. */
export function dataSuite(name: PeerName): Suite {
  const cases: Case[] = [];
  for (const weOffer of [true, false]) {
    for (const reliable of [true, false]) {
      const ordered = reliable || (!weOffer && (HABITS[name]?.orderedOnly ?? false));
      const init = reliable ? { ordered } : { ordered, maxRetransmits: 0 };
      cases.push({ name: `${weOffer ? 'we offer' : 'peer offers'}, ${reliable ? 'reliable' : 'maxRetransmits 0'}`, run: () => run(name, { weOffer, reliable, init }) });
    }
  }
  return { name, missing: () => peerPrograms[name].missing(), cases: () => cases };
}
