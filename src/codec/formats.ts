import { RtcError } from '../core/index.ts';
import { Av1Depacketizer, Av1Packetizer } from './av1.ts';
import { G711Depacketizer, G711Packetizer } from './g711.ts';
import { G722Depacketizer, G722Packetizer } from './g722.ts';
import { H264Depacketizer, type H264DepacketizerConfig, H264Packetizer, type H264PacketizerConfig } from './h264.ts';
import { H265Depacketizer, type H265DepacketizerConfig, H265Packetizer, type H265PacketizerConfig } from './h265.ts';
import { OpusDepacketizer, OpusPacketizer } from './opus.ts';
import type { Depacketizer, Packetizer } from './payload-format.ts';
import { Vp8Depacketizer, Vp8Packetizer, type Vp8PacketizerConfig } from './vp8.ts';
import { Vp9Depacketizer, Vp9Packetizer, type Vp9PacketizerConfig } from './vp9.ts';

/** The settings of every packetizer; each format uses those that concern it. */
export type PacketizerConfig = H264PacketizerConfig & H265PacketizerConfig & Vp8PacketizerConfig & Vp9PacketizerConfig & { readonly packetDurationMs?: number };

/** The settings of every depacketizer; each format uses those that concern it. */
export type DepacketizerConfig = H264DepacketizerConfig & H265DepacketizerConfig;

interface PayloadFormat {
  packetizer(config: PacketizerConfig): Packetizer;
  depacketizer(config: DepacketizerConfig): Depacketizer;
}

const G711: PayloadFormat = { packetizer: (config) => new G711Packetizer(config), depacketizer: () => new G711Depacketizer() };

const FORMATS: ReadonlyMap<string, PayloadFormat> = new Map<string, PayloadFormat>([
  ['OPUS', { packetizer: (config) => new OpusPacketizer(config), depacketizer: () => new OpusDepacketizer() }],
  ['PCMU', G711],
  ['PCMA', G711],
  ['G722', { packetizer: (config) => new G722Packetizer(config), depacketizer: () => new G722Depacketizer() }],
  ['VP8', { packetizer: (config) => new Vp8Packetizer(config), depacketizer: () => new Vp8Depacketizer() }],
  ['VP9', { packetizer: (config) => new Vp9Packetizer(config), depacketizer: () => new Vp9Depacketizer() }],
  ['H264', { packetizer: (config) => new H264Packetizer(config), depacketizer: (config) => new H264Depacketizer(config) }],
  ['H265', { packetizer: (config) => new H265Packetizer(config), depacketizer: (config) => new H265Depacketizer(config) }],
  ['AV1', { packetizer: (config) => new Av1Packetizer(config), depacketizer: () => new Av1Depacketizer() }],
]);

/** Whether frames of a codec can be made into payloads, by the encoding name of its `rtpmap` in any case. */
export function hasPayloadFormat(codec: string): boolean {
  return FORMATS.has(codec.toUpperCase());
}

/**
 * A packetizer by encoding name, as in `rtpmap`: `VP8`, `VP9`, `H264`, `H265`, `AV1`, `opus`, `PCMU`, `PCMA`, `G722`.
 *
 * @throws RtcError - `ERR_NOT_SUPPORTED` for other names
 * @example
 * for (const { payload, marker } of createPacketizer('VP8').packetize(frame)) send(payload, marker);
 */
export function createPacketizer(codec: string, config: PacketizerConfig = {}): Packetizer {
  return formatOf(codec).packetizer(config);
}

/** A depacketizer by encoding name; see {@link createPacketizer}. */
export function createDepacketizer(codec: string, config: DepacketizerConfig = {}): Depacketizer {
  return formatOf(codec).depacketizer(config);
}

function formatOf(codec: string): PayloadFormat {
  const format = FORMATS.get(codec.toUpperCase());
  if (format === undefined) throw new RtcError('ERR_NOT_SUPPORTED', `no payload format for ${codec}`);
  return format;
}
