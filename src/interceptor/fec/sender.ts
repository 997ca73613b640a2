import { type Instant, Queue, randomU32, RtcError } from '../../core/index.ts';
import type { ReportBlock, RtcpPacket } from '../../rtcp/index.ts';
import { codecRole, decodeRtp, encodeRtp, type ExtensionElement, setSequenceNumber } from '../../rtp/index.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import { beltPacket, OUTGOING_TAILROOM_BYTES, type OutgoingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { LocalStream } from '../stream.ts';
import { LOSS_FACTOR, MAX_SHARE, MIN_SHARE } from './constants.ts';
import { streamElements } from '../elements.ts';
import { FecEncoder } from './encoder.ts';
import type { FecFields } from './fields.ts';
import { encodeFlexfec } from './flexfec.ts';
import { wrapRed } from './red-video.ts';
import { Share, type ShareConfig } from './share.ts';
import { encodeUlpfec } from './ulpfec.ts';

/** How much FEC is sent. Equal bounds make it constant. */
export interface FecSenderConfig {
  /** FEC packets per media packet at least, 0 to 1. Default 0. */
  readonly minShare?: number;
  /** At most, 0 to 1. Default 0.5. */
  readonly maxShare?: number;
  /** How many times the loss that receivers report, between these. Default 2. */
  readonly lossFactor?: number;
}

/** How a stream's FEC goes. */
interface Way {
  readonly kind: 'flexfec' | 'ulpfec';
  readonly payloadType: number;
  /** The payload type of RED, for ULPFEC. */
  readonly red: number;
}

/** A stream that is sent with FEC. */
class ProtectedStream {
  readonly stream: LocalStream;
  readonly encoder: FecEncoder;
  readonly share: Share;
  /** `undefined` while there is none: the numbers go on all the same. */
  way: Way | undefined;
  elements: readonly ExtensionElement[] = [];
  /** The next number of a FEC stream of its own. */
  sequence: number;
  /** How many numbers of the stream FEC took. */
  shift = 0;

  constructor(stream: LocalStream, config: ShareConfig, sequence: number) {
    this.stream = stream;
    this.encoder = new FecEncoder(stream.ssrc, stream.extensions);
    this.share = new Share(config);
    this.sequence = sequence;
  }

  /** Takes over what was agreed upon. */
  update(): void {
    this.way = wayOf(this.stream);
    this.elements = streamElements(this.stream, this.way?.kind === 'flexfec');
    this.encoder.update(this.stream.extensions);
  }
}

/**
 * Protects video by FEC, as much as there is loss: FlexFEC where a stream has an SSRC for it, else ULPFEC inside RED, where these were
 * negotiated. In RED media and FEC share one row of numbers, so that media get new ones.
 */
export class FecSender implements Interceptor {
  readonly name = 'fec-sender';
  readonly keepsPayload = true;
  readonly #context: InterceptorContext;
  readonly #config: ShareConfig;
  readonly #streams: Map<LocalStream, ProtectedStream> = new Map();
  /** Also of streams that pause: their numbers go on. */
  readonly #known: WeakMap<LocalStream, ProtectedStream> = new WeakMap();
  readonly #ready: Queue<OutgoingPacket> = new Queue();

  /** Throws `ERR_INVALID_ARGUMENT` for a configuration out of range. */
  constructor(context: InterceptorContext, config: FecSenderConfig = {}) {
    const { minShare = MIN_SHARE, maxShare = MAX_SHARE, lossFactor = LOSS_FACTOR } = config;
    if (!(minShare >= 0 && maxShare >= minShare && maxShare <= 1 && lossFactor >= 0)) {
      throw new RtcError('ERR_INVALID_ARGUMENT', `FEC between ${minShare} and ${maxShare}, ${lossFactor} times the loss`);
    }
    this.#context = context;
    this.#config = { minShare, maxShare, lossFactor };
  }

  bindLocal(stream: LocalStream): void {
    this.updateLocal(stream);
  }

  updateLocal(stream: LocalStream): void {
    const known = this.#known.get(stream);
    if (known === undefined && wayOf(stream) === undefined) return;
    // In the lower half, so that the first packets being lost cannot hide a wrap from SRTP (RFC 3711 3.3.1).
    const entry = known ?? new ProtectedStream(stream, this.#config, randomU32(this.#context.environment.random) & 0x7fff);
    entry.update();
    this.#known.set(stream, entry);
    this.#streams.set(stream, entry);
  }

  unbindLocal(stream: LocalStream): void {
    this.#streams.delete(stream);
  }

  writeRtp(packet: OutgoingPacket, now: Instant): OutgoingPacket {
    const { header, stream } = packet;
    const entry = this.#streams.get(stream);
    if (entry === undefined || header.ssrc !== stream.ssrc) return packet;
    if (entry.shift > 0) {
      header.sequenceNumber = (header.sequenceNumber + entry.shift) & 0xffff;
      setSequenceNumber(packet.bytes, header.sequenceNumber);
    }
    const { way } = entry;
    if (packet.role !== 'media' || way === undefined) return packet;
    const due = entry.encoder.add(packet.bytes, header, entry.share.value, now);
    const { sequenceNumber, timestamp } = header;
    if (way.kind === 'ulpfec') wrapRed(packet, way.red);
    for (let i = 0; i < due.length; i++) this.#ready.push(fecPacket(entry, way, due[i] as FecFields, (sequenceNumber + 1 + i) & 0xffff, timestamp, now));
    return packet;
  }

  pollWriteRtp(): OutgoingPacket | undefined {
    return this.#ready.shift();
  }

  readRtcp(packet: RtcpPacket): void {
    if (packet.type === 'sr' || packet.type === 'rr') for (const block of packet.reports) this.#onBlock(block);
  }

  close(): void {
    this.#streams.clear();
    this.#ready.clear();
  }

  #onBlock({ ssrc, fractionLost }: ReportBlock): void {
    for (const { stream, share } of this.#streams.values()) if (stream.ssrc === ssrc) share.onReport(fractionLost);
  }
}

/** @param next - the number behind the last one of the stream, which FEC in RED takes */
function fecPacket(entry: ProtectedStream, way: Way, fields: FecFields, next: number, timestamp: number, now: Instant): OutgoingPacket {
  const { stream, elements } = entry;
  const isOwn = way.kind === 'flexfec';
  const sequenceNumber = isOwn ? entry.sequence : next;
  if (isOwn) entry.sequence = (entry.sequence + 1) & 0xffff;
  else entry.shift = (entry.shift + 1) & 0xffff;
  const init = {
    payloadType: isOwn ? way.payloadType : way.red,
    sequenceNumber,
    timestamp,
    ssrc: isOwn ? (stream.fecSsrc as number) : stream.ssrc,
    extensions: elements,
    payload: isOwn ? encodeFlexfec(fields) : inRed(way.payloadType, encodeUlpfec(fields)),
  };
  const bytes = encodeRtp(init, { tailroomBytes: OUTGOING_TAILROOM_BYTES, extensionForm: stream.extensions.allowMixed ? 'auto' : 'one-byte' });
  return beltPacket(bytes, decodeRtp(bytes), stream, 'fec', now);
}

function inRed(payloadType: number, payload: Uint8Array): Uint8Array {
  const red = new Uint8Array(1 + payload.length);
  red[0] = payloadType;
  red.set(payload, 1);
  return red;
}

function wayOf(stream: LocalStream): Way | undefined {
  if (stream.kind !== 'video') return undefined;
  let flexfec = -1;
  let ulpfec = -1;
  let red = -1;
  for (const codec of stream.codecs.values()) {
    const name = codec.name.toLowerCase();
    if (name === 'flexfec-03') flexfec = codec.payloadType;
    else if (name === 'ulpfec') ulpfec = codec.payloadType;
    else if (codecRole(codec) === 'red') red = codec.payloadType;
  }
  if (flexfec >= 0 && stream.fecSsrc !== undefined) return { kind: 'flexfec', payloadType: flexfec, red: -1 };
  return ulpfec >= 0 && red >= 0 ? { kind: 'ulpfec', payloadType: ulpfec, red } : undefined;
}

/** Registers {@link FecSender}. */
export function fecSender(config: FecSenderConfig = {}): InterceptorFactory {
  return { name: 'fec-sender', slot: Slot.fec, create: (context) => new FecSender(context, config) };
}
