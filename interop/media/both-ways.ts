// Sound and pictures both ways with each peer, and a data channel beside them.
import { type DataChannel, type PeerConnection, type TrackEvent, TrackLocalStaticSample } from 'sansrtc';
import { type PeerName, type PeerReply, peerPrograms, type PeerStream } from '../spawn-peer.ts';
import { type Case, type Suite, until, within } from '../suite.ts';
import { type Call, type CallOptions, withCall } from './call.ts';
import { TrackObserver } from './observe.ts';
import { play, type Playback } from './sources.ts';

const CALL_MS = 4000;

/** What a peer does in another way than most. */
interface Habits {
  /** The codec of pictures where the peer makes the offer; VP8 where we do. */
  readonly secondCodec: string;
  /** It sends back what it gets, and has no decoder. */
  readonly echoes?: boolean;
  /** It goes without a word. */
  readonly silentEnd?: boolean;
  /** It sends no RTCP reports. */
  readonly noReports?: boolean;
  /** It makes no offers of media. */
  readonly answersOnly?: boolean;
}

const PEERS: Readonly<Record<PeerName, Habits>> = {
  sansrtc: { secondCodec: 'H264', echoes: true },
  chromium: { secondCodec: 'H264' },
  firefox: { secondCodec: 'VP9' },
  gstreamer: { secondCodec: 'H264', silentEnd: true },
  aiortc: { secondCodec: 'H264' },
  pion: { secondCodec: 'H264', echoes: true },
  werift: { secondCodec: 'VP9', echoes: true, silentEnd: true },
  wrtc: { secondCodec: 'VP9' },
  'node-datachannel': { secondCodec: 'H264', echoes: true, noReports: true, answersOnly: true, silentEnd: true },
};

/** A call that is made in another way than most. */
export interface Way {
  /** Of the peer's program. */
  readonly args?: readonly string[];
  readonly options?: Pick<CallOptions, 'rewrite' | 'connection'>;
  /** What else must hold, while media flow. */
  check?(call: Call): Promise<void>;
}

/** The same cases in another way. */
export function bothWays(name: PeerName, weOffer: boolean, way: Way): Promise<string> {
  return run(name, PEERS[name], weOffer, way);
}

interface Sending {
  readonly tracks: readonly [TrackLocalStaticSample, TrackLocalStaticSample];
  playbacks: readonly Playback[];
}

const streamOf = (streams: readonly PeerStream[] | undefined, kind: string): PeerStream | undefined => streams?.find((stream) => stream.kind === kind);

/** What the peer made of what we sent; throws when that is not all. */
function checkPeer(stats: PeerReply, { playbacks }: Sending, habits: Habits): string {
  const [audio, video] = [streamOf(stats.inbound, 'audio'), streamOf(stats.inbound, 'video')];
  const [sentAudio = 0, sentVideo = 0] = playbacks.map(({ framesTaken }) => framesTaken);
  if ((audio?.packetsReceived ?? 0) < sentAudio * 0.8) throw new Error(`the peer got ${audio?.packetsReceived ?? 0} of ${sentAudio} packets of sound`);
  if ((video?.packetsReceived ?? 0) < sentVideo * 0.8) throw new Error(`the peer got ${video?.packetsReceived ?? 0} packets for ${sentVideo} pictures`);
  if (habits.echoes) return `${audio?.packetsReceived} and ${video?.packetsReceived} packets at the peer`;
  if ((video?.framesDecoded ?? 0) < sentVideo * 0.7) throw new Error(`the peer decoded ${video?.framesDecoded ?? 0} of ${sentVideo} pictures`);
  return `${video?.framesDecoded} of ${sentVideo} pictures decoded by the peer`;
}

/** Reports must have come, and the round trip be known from them (RFC 3550 6.4.1). */
async function checkReports({ pc, rtcp }: Call): Promise<string> {
  const count = (type: string): number => rtcp.get(type) ?? 0;
  if (count('sr') === 0) throw new Error(`no sender report came: ${[...rtcp].join(' ')}`);
  const remotes = [...(await pc.getStats()).values()].filter((stats) => (stats.type as string) === 'remote-inbound-rtp') as unknown as readonly { readonly roundTripTime?: number }[];
  const times = remotes.flatMap(({ roundTripTime }) => roundTripTime ?? []);
  if (times.length === 0) throw new Error(`no round trip is known from reports on ${remotes.length} of our streams`);
  if (times.some((time) => time < 0 || time > 1)) throw new Error(`round trips of ${times.join(' ')} s`);
  return `${count('sr')} SR and ${count('rr')} RR, round trip ${Math.min(...times) * 1000} ms`;
}

/** What reports of ours told the peer, where it tells us. */
function checkPeerReports(stats: PeerReply): void {
  const { remoteInbound, outbound } = stats;
  if (remoteInbound === undefined || outbound === undefined) return;
  if (!remoteInbound.some(({ roundTripTime }) => roundTripTime !== undefined)) throw new Error(`the peer knows no round trip: ${JSON.stringify(remoteInbound)}`);
}

/** The peer sends back what comes on a channel. */
async function echo(channel: DataChannel): Promise<void> {
  await within(channel.opened, 5000, 'opening a channel beside media');
  await channel.send('beside media');
  const first = await within(channel[Symbol.asyncIterator]().next(), 5000, 'the echo on a channel beside media');
  if (first.value !== 'beside media') throw new Error(`the channel gave back ${String(first.value)}`);
}

/** A peer that gives RTP back does so when some has come. */
const heard = (observers: readonly TrackObserver[]): boolean => ['audio', 'video'].every((kind) => observers.some(({ track, packets }) => track.kind === kind && packets > 0));

async function run(name: PeerName, habits: Habits, weOffer: boolean, way: Way = {}): Promise<string> {
  const codec = weOffer ? 'VP8' : habits.secondCodec;
  const sending: Sending = { tracks: [new TrackLocalStaticSample({ codec: 'audio/opus' }), new TrackLocalStaticSample({ codec: `video/${codec}` })], playbacks: [] };
  const observers: TrackObserver[] = [];
  let open: (channel: DataChannel) => void = () => {};
  const channel = new Promise<DataChannel>((done) => (open = done));
  const prepare = (pc: PeerConnection): void => {
    for (const track of sending.tracks) pc.addTrack(track);
    if (weOffer) open(pc.createDataChannel('beside'));
  };
  const onTrack = ({ track }: TrackEvent): void => void observers.push(new TrackObserver(track));
  const options = { peer: name, args: ['--send', `--codec=${codec}`, ...(way.args ?? [])], weOffer, prepare, onTrack, onDataChannel: open, ...way.options };
  try {
    return await withCall(options, async (call) => {
      const [audio, video] = sending.tracks;
      sending.playbacks = [await play(audio, 'opus'), await play(video, codec)];
      await until(() => heard(observers), 8000, () => `media from the peer (${observers.map(String).join(', ')})`);
      for (const { track } of observers) if (track.kind === 'video') track.requestKeyframe();
      await new Promise((done) => setTimeout(done, CALL_MS));
      await echo(await within(channel, 5000, "the peer's channel"));
      const reports = habits.noReports ? 'no reports' : await checkReports(call);
      await way.check?.(call);
      for (const playback of sending.playbacks) playback.stop();
      const stats = await call.peer.ask({ type: 'stats' });
      const peerSide = checkPeer(stats, sending, habits);
      checkPeerReports(stats);
      for (const observer of observers) {
        const complaint = observer.complaint();
        if (complaint !== undefined) throw new Error(`${observer.track.kind} from the peer: ${complaint}`);
      }
      if (observers.length !== 2) throw new Error(`${observers.length} tracks came`);
      await close(call, observers, habits, weOffer);
      return `${observers.map(String).join(', ')}; ${peerSide}; ${reports}`;
    });
  } finally {
    for (const playback of sending.playbacks) playback.stop();
  }
}

const dtlsState = async (pc: PeerConnection): Promise<string | undefined> => {
  for (const stats of (await pc.getStats()).values()) if (stats.type === 'transport') return stats.dtlsState;
  return undefined;
};

/** Once from each end. */
async function close({ pc, peer }: Call, observers: readonly TrackObserver[], habits: Habits, byPeer: boolean): Promise<void> {
  if (byPeer && !habits.silentEnd) {
    await peer.ask({ type: 'hang-up' });
    await until(async () => (await dtlsState(pc)) === 'closed' || pc.connectionState !== 'connected', 5000, 'the end of the connection by the peer');
  }
  await pc.close();
  await Promise.all(observers.map(({ done }) => done));
  if (observers.some(({ track }) => !track.ended)) throw new Error('a track of a closed connection has not ended');
}

/** The cases with one peer. */
export function bothWaysSuites(): readonly Suite[] {
  return (Object.entries(PEERS) as [PeerName, Habits][]).map(([name, habits]) => ({
    name: `media-${name}`,
    missing: () => peerPrograms[name].missing(),
    cases: (): readonly Case[] => (habits.answersOnly ? [true] : [true, false]).map((weOffer) => ({ name: `${weOffer ? 'we offer, VP8' : `peer offers, ${habits.secondCodec}`} and opus`, run: () => run(name, habits, weOffer) })),
  }));
}
