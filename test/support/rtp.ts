import {
  absoluteCaptureTimeExtension,
  absoluteSendTimeExtension,
  audioLevelExtension,
  colorSpaceExtension,
  encodeRtp,
  type ExtensionCodec,
  midExtension,
  mixerToClientAudioLevelExtension,
  playoutDelayExtension,
  rawExtension,
  repairedRidExtension,
  ridExtension,
  transmissionOffsetExtension,
  transportSequence2Extension,
  transportSequenceExtension,
  videoContentTypeExtension,
  videoLayersAllocationExtension,
  videoOrientationExtension,
  videoTimingExtension,
} from '../../src/rtp/index.ts';
import { hex } from './vectors.ts';

/** A value of a kind of extension and its form on the wire. */
export interface ExtensionSample {
  readonly name: string;
  readonly codec: ExtensionCodec<unknown>;
  readonly value: unknown;
  readonly hex: string;
}

function sample<T>(name: string, codec: ExtensionCodec<T>, value: T, wire: string): ExtensionSample {
  return { name, codec: codec as ExtensionCodec<unknown>, value, hex: wire };
}

const point = { x: 0.3127, y: 0.329 };
const layer = (spatialId: number, ...bitratesKbps: number[]): { spatialId: number; bitratesKbps: number[] } => ({ spatialId, bitratesKbps });

export const SAMPLES: readonly ExtensionSample[] = [
  sample('mid', midExtension, 'audio_0', '617564696f5f30'),
  sample('rid', ridExtension, 'h', '68'),
  sample('repaired rid', repairedRidExtension, 'lo-1', '6c6f2d31'),
  sample('transport sequence', transportSequenceExtension, 0xfffe, 'fffe'),
  sample('transport sequence 2', transportSequence2Extension, { sequenceNumber: 1 }, '0001'),
  sample('transport sequence 2 that asks', transportSequence2Extension, { sequenceNumber: 1, feedback: { withTimestamps: true, count: 0x7fff } }, '0001ffff'),
  sample('absolute send time', absoluteSendTimeExtension, 0xff_fffe, 'fffffe'),
  sample('absolute capture time', absoluteCaptureTimeExtension, { capture: { seconds: 0xffff_ffff, fraction: 0x8000_0000 } }, 'ffffffff80000000'),
  sample(
    'absolute capture time with an offset',
    absoluteCaptureTimeExtension,
    { capture: { seconds: 1, fraction: 2 }, clockOffset: { seconds: -1, fraction: 0xffff_ffff } },
    '0000000100000002ffffffffffffffff',
  ),
  sample('transmission offset', transmissionOffsetExtension, -0x80_0000, '800000'),
  sample('audio level', audioLevelExtension, { level: 127, voice: true }, 'ff'),
  sample('audio levels of a mix', mixerToClientAudioLevelExtension, [0, 1, 127], '00017f'),
  sample('video orientation', videoOrientationExtension, { camera: 'back', flip: true, rotation: 270 }, '0f'),
  sample('playout delay', playoutDelayExtension, { minMs: 10, maxMs: 40_950 }, '001fff'),
  sample('video content type', videoContentTypeExtension, 1, '01'),
  sample(
    'video timing',
    videoTimingExtension,
    { flags: 3, encodeStartMs: 1, encodeFinishMs: 2, packetizedMs: 3, pacerExitMs: 65_535, network1Ms: 0, network2Ms: 0 },
    '0300010002' + '0003ffff00000000',
  ),
  sample('color space', colorSpaceExtension, { primaries: 1, transfer: 13, matrix: 6, range: 2, chromaSitingHorizontal: 1, chromaSitingVertical: 2 }, '010d0626'),
  sample(
    'color space with metadata',
    colorSpaceExtension,
    {
      primaries: 9,
      transfer: 16,
      matrix: 9,
      range: 1,
      chromaSitingHorizontal: 0,
      chromaSitingVertical: 0,
      hdr: { luminanceMax: 1000, luminanceMin: 0.0001, red: point, green: point, blue: point, white: point, maxContentLightLevel: 1600, maxFrameAverageLightLevel: 400 },
    },
    '09100910' + '03e80001' + '3d134042'.repeat(4) + '06400190',
  ),
  sample('layers allocation of nothing', videoLayersAllocationExtension, { streamIndex: 0, streams: [] }, '00'),
  sample('layers allocation of one stream', videoLayersAllocationExtension, { streamIndex: 0, streams: [[layer(0, 50), layer(1, 100, 200)]] }, '03' + '10' + '32' + '64' + 'c801'),
  sample(
    'layers allocation of simulcast',
    videoLayersAllocationExtension,
    {
      streamIndex: 1,
      streams: [
        [{ ...layer(0, 100, 150, 300), resolution: { width: 320, height: 180, framesPerSecond: 30 } }],
        [{ ...layer(1, 1000), resolution: { width: 65_536, height: 1, framesPerSecond: 255 } }],
        [],
      ],
    },
    '60' + '1200' + '80' + '64' + '9601' + 'ac02' + 'e807' + '013f00b31e' + 'ffff0000ff',
  ),
  sample('one of our own', rawExtension('urn:example:own'), Uint8Array.of(1, 2, 3), '010203'),
];

/** A structure with three spatial and three temporal layers, as a browser sends it with a key frame, and descriptors that need it. */
export const DEPENDENCY_SAMPLES: readonly Uint8Array[] = [
  'c1017280081485214eafffaaaa863cf0430c10c302afc0aaa0063c00430010c002a000a80006000040001d954926e082b04a0941b820ac1282503157f974000ca864330e222222eca8655304224230eca877530077004200ef008601df010d',
  '86017340fc',
  '46017340fc',
  'c3017540fc',
  '860173',
  '8b0174',
].map(hex);

export const BASE = { payloadType: 96, sequenceNumber: 0xffff, timestamp: 0x8000_0000, ssrc: 0xffff_ffff } as const;
export const PAYLOAD: Uint8Array = Uint8Array.from({ length: 20 }, (_, i) => i + 1);

/** Packets with every part that a packet can have. */
export function samplePackets(): Uint8Array[] {
  const value = (size: number): Uint8Array => new Uint8Array(size).fill(size);
  const small = [1, 2, 16].map((size, i) => ({ id: i + 1, value: value(size) }));
  const large = [0, 17, 255].map((size, i) => ({ id: i + 14, value: value(size) }));
  return [
    encodeRtp({ ...BASE, payload: PAYLOAD }),
    encodeRtp({ ...BASE, marker: true, csrcs: [1, 0xffff_ffff], payload: PAYLOAD }),
    encodeRtp({ ...BASE, extensions: small, payload: PAYLOAD, paddingBytes: 5 }),
    encodeRtp({ ...BASE, csrcs: Array.from({ length: 15 }, (_, i) => i), extensions: large, payload: PAYLOAD }),
    encodeRtp({ ...BASE, payload: new Uint8Array(0), paddingBytes: 255 }),
    encodeRtp({ ...BASE, payload: new Uint8Array(0) }),
    ...SAMPLES.map(({ hex: wire }) => encodeRtp({ ...BASE, extensions: [{ id: 3, value: hex(wire) }], payload: PAYLOAD })),
  ];
}
