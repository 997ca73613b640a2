// The first section of a call has the transport of all (RFC 9143 7.4). Its track leaves, and the others must not notice.
import { type DataChannel, type PeerConnection, type TrackEvent, TrackLocalStaticSample, type TrackRemote } from 'sansrtc';
import { type PeerName, peerPrograms } from '../spawn-peer.ts';
import { type Case, sleep, type Suite, until, within } from '../suite.ts';
import { type Call, renegotiate, restartByPeer, stopByPeer, withCall } from './call.ts';
import { play, type Playback } from './sources.ts';

const CODEC = 'VP8';
const LIMIT_MS = 8000;
/** A path that is given up shows within this time: what was on its way has come, and nothing follows. */
const SETTLE_MS = 700;

/** What the peer has of a kind: pictures decoded, or packets of sound. */
async function atPeer({ peer }: Call, kind: 'audio' | 'video'): Promise<number> {
  const { inbound = [] } = await peer.ask({ type: 'stats' });
  return inbound.reduce((sum, stream) => sum + (stream.kind !== kind ? 0 : ((kind === 'video' ? stream.framesDecoded : stream.packetsReceived) ?? 0)), 0);
}

/** What goes between both ends beside the first track. */
class Others {
  readonly #heard = new Map<TrackRemote, number>();
  #channel: DataChannel | undefined;
  #texts = 0;

  readonly onTrack = ({ track }: TrackEvent): void => {
    this.#heard.set(track, 0);
    track.handler = { onRtp: () => void this.#heard.set(track, (this.#heard.get(track) ?? 0) + 1) };
  };

  readonly take = (channel: DataChannel): void => void (this.#channel = channel);

  tracksOf(kind: 'audio' | 'video'): readonly TrackRemote[] {
    return [...this.#heard.keys()].filter((track) => track.kind === kind && !track.ended);
  }

  /** A message there and back, and pictures both ways; what the peer sends may be sound. */
  async goOn(call: Call, when: string, kind: 'audio' | 'video' = 'video'): Promise<void> {
    await sleep(SETTLE_MS);
    await this.echo(when);
    const before = await atPeer(call, 'video');
    await until(async () => (await atPeer(call, 'video')) > before + 10, LIMIT_MS, `pictures at the peer, ${when}`);
    const [track] = this.tracksOf(kind);
    const packets = track && this.#heard.get(track);
    if (track === undefined || packets === undefined) throw new Error(`the peer sends no ${kind}, ${when}`);
    await until(() => (this.#heard.get(track) ?? 0) > packets + 10, LIMIT_MS, `${kind} of the peer, ${when}`);
    if (call.pc.connectionState !== 'connected') throw new Error(`the connection is ${call.pc.connectionState}, ${when}`);
  }

  async echo(when: string): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) throw new Error('there is no channel');
    await within(channel.opened, LIMIT_MS, `opening the channel, ${when}`);
    const text = `message ${++this.#texts}`;
    await channel.send(text);
    const echo = (async (): Promise<void> => {
      for await (const message of channel) if (message === text) return;
      throw new Error(`the channel closed, ${when}`);
    })();
    await within(echo, LIMIT_MS, `the echo, ${when}`);
  }
}

const sectionsOf = (pc: PeerConnection): readonly string[] => (pc.localDescription?.sdp ?? '').split('\r\n').filter((line) => line.startsWith('m='));

/** The transceiver of sound, which came first, stops; the rest goes on. */
async function stopFirst(call: Call, others: Others): Promise<void> {
  const { pc } = call;
  await others.goOn(call, 'at the beginning');
  const [first] = pc.getTransceivers();
  if (first?.kind !== 'audio') throw new Error('sound does not come first');
  first.stop();
  await renegotiate(call);
  if (!first.stopped || pc.getTransceivers().includes(first)) throw new Error('the transceiver has not stopped');
  if (others.tracksOf('audio').length > 0) throw new Error('the track of the peer has not ended');
  await others.goOn(call, 'after the first track left');
}

/** Another track of sound, in a section of its own or in the first one. */
async function addAnother(call: Call, others: Others, sound: TrackLocalStaticSample, sections: number): Promise<void> {
  const { pc } = call;
  const before = await atPeer(call, 'audio');
  pc.addTransceiver(sound, { direction: 'sendonly' });
  await renegotiate(call);
  await until(async () => (await atPeer(call, 'audio')) > before + 10, LIMIT_MS, 'sound at the peer, from a new track');
  await others.goOn(call, 'after a new track came');
  const there = sectionsOf(pc);
  if (there.length !== sections) throw new Error(`${sections} sections were expected: ${there.join(' ')}`);
}

interface Variant {
  readonly name: string;
  readonly weOffer: boolean;
  /** Of the first track. */
  readonly direction: 'sendonly' | 'sendrecv';
  /** A channel is there before any track. */
  readonly isDataFirst?: boolean;
  go(call: Call, others: Others, later: TrackLocalStaticSample): Promise<string>;
}

async function bothSend(call: Call, others: Others, later: TrackLocalStaticSample): Promise<string> {
  await stopFirst(call, others);
  await restartByPeer(call);
  await others.goOn(call, 'after an offer of the peer');
  if (others.tracksOf('audio').length > 0) throw new Error('the sound of the peer came back');
  await addAnother(call, others, later, 4);
  return 'pictures and data went on without the first track; then another came';
}

/** The peer stops the first track, and gives up the transport that belongs to its section. What it makes instead is found. */
async function peerStops(call: Call, others: Others, later: TrackLocalStaticSample): Promise<string> {
  await others.goOn(call, 'at the beginning');
  await stopByPeer(call, 0);
  if (call.pc.getTransceivers().length !== 1 || others.tracksOf('audio').length > 0) throw new Error('the transceiver has not stopped');
  await others.goOn(call, 'after the peer stopped the first track');
  const { states: theirs = [] } = await call.peer.ask({ type: 'stats' });
  if (theirs.filter((state) => state === 'connected').length !== 2) throw new Error(`the peer did not make another transport: ${theirs.join(' ')}`);
  if (call.states.join(' ') !== 'connecting connected connecting connected') throw new Error(`our states: ${call.states.join(' ')}`);
  await addAnother(call, others, later, 4);
  return `the peer made another transport (${theirs.join(' ')}); pictures and data went on, and another track came`;
}

const VARIANTS: readonly Variant[] = [
  { name: 'we offer, both send', weOffer: true, direction: 'sendrecv', go: bothSend },
  { name: 'the peer offers, both send', weOffer: false, direction: 'sendrecv', go: bothSend },
  {
    name: 'another takes the section',
    weOffer: true,
    direction: 'sendonly',
    async go(call, others, later) {
      await stopFirst(call, others);
      await addAnother(call, others, later, 3);
      return 'pictures and data went on without the first track; another took its section';
    },
  },
  {
    name: 'the peer takes the section',
    weOffer: true,
    direction: 'sendonly',
    async go(call, others) {
      await stopFirst(call, others);
      await restartByPeer(call);
      await until(() => others.tracksOf('audio').length === 1, LIMIT_MS, 'a track of the peer');
      await others.goOn(call, 'after the peer took the section', 'audio');
      return 'pictures and data went on without the first track; sound of the peer took its section';
    },
  },
  {
    name: 'the peer stops it, behind a channel',
    weOffer: true,
    direction: 'sendrecv',
    isDataFirst: true,
    async go(call, others, later) {
      await others.goOn(call, 'at the beginning');
      await stopByPeer(call, 0);
      if (call.pc.getTransceivers().length !== 1) throw new Error('the transceiver has not stopped');
      await others.goOn(call, 'after the peer stopped the first track');
      await addAnother(call, others, later, 3);
      return 'pictures and data went on when the peer stopped the first track; then another came';
    },
  },
  { name: 'the peer stops it, client of DTLS', weOffer: true, direction: 'sendrecv', go: peerStops },
  { name: 'the peer stops it, server of DTLS', weOffer: false, direction: 'sendrecv', go: peerStops },
  {
    name: 'the peer stops one after the other',
    weOffer: true,
    direction: 'sendrecv',
    async go(call, others) {
      await others.goOn(call, 'at the beginning');
      await stopByPeer(call, 0);
      await others.goOn(call, 'after the peer stopped the first track');
      await stopByPeer(call, 0);
      await others.echo('after the peer stopped the second track');
      return 'the channel went on over three transports';
    },
  },
];

async function run(name: PeerName, { weOffer, direction, isDataFirst = false, go }: Variant): Promise<string> {
  const [sound, picture, later] = [new TrackLocalStaticSample({ codec: 'audio/opus' }), new TrackLocalStaticSample({ codec: `video/${CODEC}` }), new TrackLocalStaticSample({ codec: 'audio/opus' })];
  const others = new Others();
  const playbacks: Playback[] = [];
  const addTracks = (pc: PeerConnection): void => {
    if (weOffer) pc.addTransceiver(sound, { direction });
    else pc.addTrack(sound);
    pc.addTrack(picture);
  };
  const prepare = (pc: PeerConnection): void => {
    if (weOffer) others.take(pc.createDataChannel('ours'));
    if (!isDataFirst) addTracks(pc);
  };
  try {
    return await withCall({ peer: name, args: ['--send', `--codec=${CODEC}`, '--size=320x240'], weOffer, prepare, onTrack: others.onTrack, onDataChannel: others.take }, async (call) => {
      if (isDataFirst) {
        addTracks(call.pc);
        await renegotiate(call);
      }
      playbacks.push(await play(sound, 'opus'), await play(picture, CODEC), await play(later, 'opus'));
      return await go(call, others, later);
    });
  } finally {
    for (const playback of playbacks) playback.stop();
  }
}

export const tagSuite: Suite = {
  name: 'media-tag',
  missing: async () => (await peerPrograms.chromium.missing()) ?? peerPrograms.firefox.missing(),
  cases: (): readonly Case[] => (['chromium', 'firefox'] as const).flatMap((name) => VARIANTS.map((variant) => ({ name: `${name}, ${variant.name}`, run: () => run(name, variant) }))),
};
