// A call that changes while it goes on: sections come, pause, end and come back, and ICE starts anew.
import { type RtpTransceiver, type TrackEvent, TrackLocalStaticSample, type TrackRemote } from 'sansrtc';
import { type PeerName, peerPrograms, type PeerStream } from '../spawn-peer.ts';
import { type Case, sleep, type Suite, until } from '../suite.ts';
import { type Call, type CallOptions, renegotiate, restartByPeer, withCall } from './call.ts';
import { play, type Playback } from './sources.ts';
import { withoutGroup } from './unbundled.ts';

const CODEC = 'VP8';
const LIMIT_MS = 6000;

/** A track of the peer, and what came of it. */
interface Heard {
  readonly track: TrackRemote;
  packets: number;
}

const decoded = async ({ peer }: Call): Promise<number> => {
  const { inbound = [] } = await peer.ask({ type: 'stats' });
  return inbound.reduce((sum, { kind, framesDecoded = 0 }: PeerStream) => sum + (kind === 'video' ? framesDecoded : 0), 0);
};

/** The peer decodes more pictures than before. */
async function peerSees(call: Call, what: string): Promise<void> {
  const before = await decoded(call);
  await until(async () => (await decoded(call)) > before + 5, LIMIT_MS, `pictures at the peer, ${what}`);
}

async function peerSeesNothing(call: Call, what: string): Promise<void> {
  await sleep(500); // what was on its way
  const before = await decoded(call);
  await sleep(800);
  const more = (await decoded(call)) - before;
  if (more > 0) throw new Error(`${more} pictures at the peer, ${what}`);
}

async function weHear(heard: Heard | undefined, what: string): Promise<void> {
  if (heard === undefined) throw new Error(`no track of the peer, ${what}`);
  const before = heard.packets;
  await until(() => heard.packets > before + 5, LIMIT_MS, `${heard.track.kind} of the peer, ${what}`);
}

async function run(name: PeerName, more: Pick<CallOptions, 'rewrite'> = {}): Promise<string> {
  const sound = new TrackLocalStaticSample({ codec: 'audio/opus' });
  const picture = new TrackLocalStaticSample({ codec: `video/${CODEC}` });
  const heard: Heard[] = [];
  const playbacks: Playback[] = [];
  const latest = (kind: string): Heard | undefined => heard.findLast(({ track }) => track.kind === kind && !track.ended);
  const onTrack = ({ track }: TrackEvent): void => {
    const entry: Heard = { track, packets: 0 };
    heard.push(entry);
    track.handler = { onRtp: () => void entry.packets++ };
  };
  const options = { peer: name, args: ['--send', `--codec=${CODEC}`, '--size=320x240'], weOffer: true, prepare: (pc: Call['pc']) => void pc.addTrack(sound), onTrack, ...more } as const;
  try {
    return await withCall(options, async (call) => {
      const { pc } = call;
      const sections = (): string[] => (pc.localDescription?.sdp ?? '').split('\r\n').filter((line) => line.startsWith('m='));
      playbacks.push(await play(sound, 'opus'), await play(picture, CODEC));
      await weHear(latest('audio'), 'at the beginning');

      const sender = pc.addTrack(picture);
      await renegotiate(call);
      await peerSees(call, 'after a section was added');
      await weHear(latest('video'), 'after a section was added');

      pc.removeTrack(sender);
      await renegotiate(call);
      await peerSeesNothing(call, 'after the track was removed');
      await weHear(latest('video'), 'after our track was removed');

      const transceiver = pc.getTransceivers().find(({ kind }) => kind === 'video') as RtpTransceiver;
      await sender.replaceTrack(picture);
      transceiver.direction = 'sendrecv';
      await renegotiate(call);
      await peerSees(call, 'after the track came back');

      const { track: ended } = latest('video') as Heard;
      transceiver.stop();
      await renegotiate(call);
      if (!ended.ended) throw new Error('the track of a stopped transceiver has not ended');
      await peerSeesNothing(call, 'after the transceiver was stopped');
      await weHear(latest('audio'), 'after pictures were stopped');

      pc.addTransceiver(picture, { direction: 'sendrecv' });
      await renegotiate(call);
      if (sections().length !== 2) throw new Error(`the stopped section was not used again: ${sections().join(' ')}`);
      await peerSees(call, 'in the section that was used again');
      await weHear(latest('video'), 'in the section that was used again');

      await restartByPeer(call);
      await peerSees(call, 'after ICE started anew');
      await weHear(latest('video'), 'after ICE started anew');
      return 'added, removed, added again, stopped, in the same section again; ICE restarted by the peer';
    });
  } finally {
    for (const playback of playbacks) playback.stop();
  }
}

export const renegotiationSuite: Suite = {
  name: 'media-renegotiation',
  missing: async () => (await peerPrograms.chromium.missing()) ?? peerPrograms.firefox.missing(),
  cases: (): readonly Case[] =>
    (['chromium', 'firefox'] as const).flatMap((name) => [
      { name, run: () => run(name) },
      { name: `${name}, nothing bundled`, run: () => run(name, { rewrite: withoutGroup }) },
    ]),
};
