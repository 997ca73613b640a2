// Three layers of one picture: from a browser through this library to a viewer, and between two connections of this library.
import { createPeerConnection, type PeerConnection, type RtpSender, type TrackEvent, TrackLocalStaticRtp, TrackLocalStaticSample, type TrackRemote } from 'sansrtc';
import { createDepacketizer, decodeVp8Descriptor, vp8Dimensions, Vp8Packetizer } from 'sansrtc/codec';
import { encodeRtp } from 'sansrtc/rtp';
import { peerPrograms, type PeerStream } from '../spawn-peer.ts';
import { type Case, sleep, type Suite, until, within } from '../suite.ts';
import { type Call, withCall } from './call.ts';
import { FRAMES_PER_SECOND, play, type Playback, sampleFrames } from './sources.ts';

/** As the browser's page sends them, each half as wide as the one before. */
const RIDS = ['h', 'm', 'l'] as const;
type Rid = (typeof RIDS)[number];
const CODEC = 'VP8';

/** One layer on its way through. */
class Layer {
  readonly track: TrackRemote;
  readonly out: TrackLocalStaticRtp = new TrackLocalStaticRtp({ codec: `video/${CODEC}` });
  packets = 0;
  /** Of the last keyframe. */
  width = 0;
  /** Called where a keyframe begins, before it is sent on. */
  onKeyframe: () => void = () => {};
  readonly #depacketizer = createDepacketizer(CODEC);

  constructor(track: TrackRemote) {
    this.track = track;
    track.handler = {
      onRtp: (packet) => {
        this.packets++;
        if (this.#depacketizer.isKeyframePayload(packet.payload)) {
          this.width = vp8Dimensions(packet.payload.subarray(decodeVp8Descriptor(packet.payload).length))?.width ?? 0;
          this.onKeyframe();
        }
        this.out.writeRtp(packet);
      },
    };
  }
}

/** Sends one layer at a time to a viewer and changes to another where that can be decoded. */
class LayerSwitch {
  readonly #sender: RtpSender;
  readonly #layers: ReadonlyMap<string, Layer>;

  constructor(sender: RtpSender, layers: ReadonlyMap<string, Layer>) {
    this.#sender = sender;
    this.#layers = layers;
  }

  async to(rid: Rid): Promise<Layer> {
    const layer = this.#layers.get(rid) as Layer;
    layer.track.requestKeyframe();
    const changed = new Promise<void>((done) => {
      layer.onKeyframe = () => {
        layer.onKeyframe = () => {};
        void this.#sender.replaceTrack(layer.out);
        done();
      };
    });
    await within(changed, 5000, `a keyframe of layer ${rid}`);
    return layer;
  }
}

const inboundVideo = async ({ peer }: Call): Promise<PeerStream> => (await peer.ask({ type: 'stats' })).inbound?.find(({ kind }) => kind === 'video') ?? { kind: 'video' };

/** So many pictures of a layer show that it goes on; a viewer on a machine with other work takes a while to decode them. */
const PICTURES = 12;

/** The viewer sees pictures of a layer, and goes on doing so. */
async function sees(call: Call, { width, track: { rid } }: Layer): Promise<string> {
  await until(async () => (await inboundVideo(call)).frameWidth === width, 5000, `pictures of ${width} pixels at the viewer`);
  const decoded = async (): Promise<number> => (await inboundVideo(call)).framesDecoded ?? 0;
  const last = (await decoded()) + PICTURES;
  let missing: number = PICTURES;
  await until(async () => (missing = last - (await decoded())) <= 0, 6000, () => `${missing} more of ${PICTURES} pictures of layer ${rid} at the viewer`);
  const { frameWidth } = await inboundVideo(call);
  if (frameWidth !== width) throw new Error(`the viewer of layer ${rid} has pictures of ${frameWidth} pixels`);
  return `${rid} ${frameWidth}`;
}

/** A browser sends three layers; a viewer gets the smallest, then the largest, then the one between. */
async function fromBrowser(browser: 'chromium' | 'firefox'): Promise<string> {
  const layers = new Map<string, Layer>();
  const camera = {
    peer: browser,
    args: ['--send', '--sendonly', '--simulcast', '--size=960x540', `--codec=${CODEC}`],
    weOffer: false,
    kinds: ['video'],
    prepare: () => {},
    onTrack: ({ track }: TrackEvent) => void layers.set(track.rid ?? '', new Layer(track)),
  } as const;
  return withCall(camera, async ({ peer }) => {
    await until(() => RIDS.every((rid) => (layers.get(rid)?.packets ?? 0) > 20), 12_000, () => `packets of all layers (${[...layers].map(([rid, { packets }]) => `${rid} ${packets}`).join(', ')})`);
    const ssrcs = new Set([...layers.values()].map(({ track }) => track.ssrc));
    if (layers.size !== RIDS.length || ssrcs.size !== RIDS.length) throw new Error(`tracks ${[...layers.keys()].join(' ')} with ${ssrcs.size} SSRCs`);
    let sender: RtpSender | undefined;
    const viewer = {
      peer: 'wrtc',
      args: [`--codec=${CODEC}`],
      weOffer: true,
      prepare: (pc: PeerConnection) => void ({ sender } = pc.addTransceiver('video', { direction: 'sendonly' })),
      onTrack: () => {},
    } as const;
    return withCall(viewer, async (call) => {
      const layerSwitch = new LayerSwitch(sender as RtpSender, layers);
      const seen: string[] = [];
      for (const rid of ['l', 'h', 'm'] as const) {
        seen.push(await sees(call, await layerSwitch.to(rid)));
      }
      const widths = RIDS.map((rid) => layers.get(rid)?.width ?? 0);
      if (!widths.every((width, i) => width > 0 && width < (widths[i - 1] ?? Infinity))) throw new Error(`layers of ${widths.join(', ')} pixels`);
      const { outbound = [] } = await peer.ask({ type: 'stats' });
      const sent = outbound.filter(({ rid }) => rid !== undefined).map(({ rid, framesSent }) => `${rid} ${framesSent}`);
      return `pictures sent: ${sent.join(', ')}; the viewer saw ${seen.join(', ')} pixels`;
    });
  });
}

/** Pictures that a source sends before the other one has its turn, and how many sources have one. */
const [TURN_PICTURES, TURNS] = [30, 6];

/** Sources in turn, each from a keyframe on, whose picture ids and TL0PICIDX lie a little behind those of the one before: the viewer misses no picture. */
async function sourcesInTurn(): Promise<string> {
  const frames = (await sampleFrames(CODEC)).slice(0, TURN_PICTURES);
  const packetizer = new Vp8Packetizer({ firstPictureId: 500 });
  let sender: RtpSender | undefined;
  const viewer = { peer: 'wrtc', args: [`--codec=${CODEC}`], weOffer: true, prepare: (pc: PeerConnection) => void ({ sender } = pc.addTransceiver('video', { direction: 'sendonly' })), onTrack: () => {} } as const;
  return withCall(viewer, async (call) => {
    for (let turn = 0; turn < TURNS; turn++) {
      const track = new TrackLocalStaticRtp({ codec: `video/${CODEC}` });
      await (sender as RtpSender).replaceTrack(track);
      const [pictureId, tl0PicIdx] = [500 - 10 * turn, 200 - 10 * turn];
      let sequenceNumber = 1000 * turn;
      for (const [i, { data, keyframe }] of frames.entries()) {
        if ((i === 0) !== keyframe) throw new Error(`picture ${i} of the sample is ${keyframe ? 'a' : 'no'} keyframe`);
        for (const { payload, marker } of packetizer.packetize(data, { temporalId: 0 })) {
          new DataView(payload.buffer, payload.byteOffset).setUint16(2, 0x8000 | (pictureId + i));
          payload[4] = (tl0PicIdx + i) & 0xff;
          track.writeRtp(encodeRtp({ payloadType: 96, ssrc: turn, sequenceNumber: sequenceNumber++, timestamp: 3600 * i, marker, payload }));
        }
        await sleep(1000 / FRAMES_PER_SECOND);
      }
    }
    const sent = TURNS * TURN_PICTURES;
    let decoded = 0;
    await until(async () => (decoded = (await inboundVideo(call)).framesDecoded ?? 0) >= 0.95 * sent, 3000, () => `${decoded} of ${sent} pictures decoded`);
    return `${decoded} of ${sent} pictures of ${TURNS} sources decoded`;
  });
}

/** The layers of a simulcast between two connections here: the same file in each, told apart by its RID alone. */
async function betweenUs(): Promise<string> {
  const rids = ['big', 'medium', 'small'];
  const tracks = rids.map(() => new TrackLocalStaticSample({ codec: `video/${CODEC}` }));
  const got = new Map<string, { frames: number }>();
  const playbacks: Playback[] = [];
  const receiver = await createPeerConnection({
    handler: {
      onTrack({ track }) {
        const entry = { frames: 0 };
        got.set(track.rid ?? '', entry);
        void (async () => {
          for await (const _frame of track.frames()) entry.frames++;
        })();
      },
    },
  });
  const sender = await createPeerConnection();
  try {
    const transceiver = sender.addTransceiver('video', { direction: 'sendonly', sendEncodings: rids.map((rid) => ({ rid })) });
    for (const [i, rid] of rids.entries()) await transceiver.sender.replaceTrack(tracks[i] as TrackLocalStaticSample, rid);
    await sender.setLocalDescription();
    await until(() => sender.iceGatheringState === 'complete', 5000, 'gathering');
    await receiver.setRemoteDescription(sender.localDescription as NonNullable<typeof sender.localDescription>);
    await receiver.setLocalDescription();
    await until(() => receiver.iceGatheringState === 'complete', 5000, 'gathering');
    await sender.setRemoteDescription(receiver.localDescription as NonNullable<typeof receiver.localDescription>);
    await until(() => sender.connectionState === 'connected', 10_000, 'connecting');
    for (const track of tracks) playbacks.push(await play(track, CODEC));
    await sleep(1500);
    const parameters = transceiver.sender.getParameters();
    await transceiver.sender.setParameters({ ...parameters, encodings: parameters.encodings.map((encoding) => ({ ...encoding, active: encoding.rid !== 'medium' })) });
    await sleep(200); // what was on its way
    const before = new Map([...got].map(([rid, { frames }]) => [rid, frames]));
    await sleep(1500);
    const grew = rids.map((rid) => (got.get(rid)?.frames ?? 0) - (before.get(rid) ?? 0));
    const note = `${rids.map((rid) => `${rid} ${got.get(rid)?.frames ?? 0}`).join(', ')} pictures`;
    if (got.size !== rids.length) throw new Error(`tracks ${[...got.keys()].join(' ')}`);
    if ((grew[0] ?? 0) < 25 || (grew[2] ?? 0) < 25 || grew[1] !== 0) throw new Error(`with medium switched off: ${grew.join(' ')} more of ${note}`);
    return `${note}, none of medium after it was switched off`;
  } finally {
    for (const playback of playbacks) playback.stop();
    await Promise.all([sender.close(), receiver.close()]);
  }
}

export const simulcastSuite: Suite = {
  name: 'media-simulcast',
  missing: async () => (await peerPrograms.chromium.missing()) ?? (await peerPrograms.firefox.missing()) ?? peerPrograms.wrtc.missing(),
  cases: (): readonly Case[] => [
    { name: 'three layers from Chromium', run: () => fromBrowser('chromium') },
    { name: 'three layers from Firefox', run: () => fromBrowser('firefox') },
    { name: 'three layers between us', run: betweenUs },
    { name: 'sources in turn', run: sourcesInTurn },
  ],
};
