import { RtcError } from '../core/index.ts';
import type { CodecCapability, HeaderExtensionCapability, MediaCapabilities } from '../peer/index.ts';
import { codecRole, ExtensionUri, type MediaKind } from '../rtp/index.ts';

/** A codec as an application names it. */
export interface CodecInit {
  /** W3C form, as in `video/VP8`. */
  readonly mimeType: string;
  readonly clockRate: number;
  /** Audio channels. */
  readonly channels?: number;
  /** As in `a=fmtp`: `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f`. */
  readonly sdpFmtpLine?: string;
  /** The payload type to offer it with, 0 to 127 without 64 to 95 (RFC 5761 4). Default: a free one. */
  readonly payloadType?: number;
  /** Feedback, as in `nack pli`. Default: what suits the kind. */
  readonly feedback?: readonly string[];
  /** Whether to offer retransmission in a stream of its own (RFC 4588). Default: true for video. */
  readonly rtx?: boolean;
}

const VIDEO_FEEDBACK: readonly string[] = ['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli'];
const AUDIO_FEEDBACK: readonly string[] = ['transport-cc'];

const h264 = (profile: string, mode: 0 | 1): string => `level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profile}`;

/** In the order of preference. */
const DEFAULT_CODECS: readonly CodecInit[] = [
  { mimeType: 'audio/opus', clockRate: 48_000, channels: 2, sdpFmtpLine: 'minptime=10;useinbandfec=1', payloadType: 111 },
  { mimeType: 'audio/G722', clockRate: 8000, payloadType: 9 },
  { mimeType: 'audio/PCMU', clockRate: 8000, payloadType: 0 },
  { mimeType: 'audio/PCMA', clockRate: 8000, payloadType: 8 },
  { mimeType: 'audio/telephone-event', clockRate: 48_000, payloadType: 110, sdpFmtpLine: '0-15', feedback: [] },
  { mimeType: 'audio/telephone-event', clockRate: 8000, payloadType: 126, sdpFmtpLine: '0-15', feedback: [] },
  { mimeType: 'video/VP8', clockRate: 90_000, payloadType: 96 },
  { mimeType: 'video/VP9', clockRate: 90_000, sdpFmtpLine: 'profile-id=0', payloadType: 98 },
  { mimeType: 'video/VP9', clockRate: 90_000, sdpFmtpLine: 'profile-id=2', payloadType: 100 },
  { mimeType: 'video/H264', clockRate: 90_000, sdpFmtpLine: h264('42001f', 1), payloadType: 102 },
  { mimeType: 'video/H264', clockRate: 90_000, sdpFmtpLine: h264('42001f', 0), payloadType: 104 },
  { mimeType: 'video/H264', clockRate: 90_000, sdpFmtpLine: h264('42e01f', 1), payloadType: 106 },
  { mimeType: 'video/H264', clockRate: 90_000, sdpFmtpLine: h264('42e01f', 0), payloadType: 108 },
  { mimeType: 'video/H264', clockRate: 90_000, sdpFmtpLine: h264('4d001f', 1), payloadType: 112 },
  { mimeType: 'video/H264', clockRate: 90_000, sdpFmtpLine: h264('64001f', 1), payloadType: 114 },
  { mimeType: 'video/AV1', clockRate: 90_000, sdpFmtpLine: 'level-idx=5;profile=0;tier=0', payloadType: 116 },
  { mimeType: 'video/H265', clockRate: 90_000, sdpFmtpLine: 'level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST', payloadType: 118 },
];

/**
 * With the ids that browsers give them: two offers that cross then say the same of an id, and the one that is rolled back leaves
 * nothing that contradicts the other.
 */
const DEFAULT_EXTENSIONS: readonly (readonly [kind: MediaKind | 'both', uri: string, preferredId: number])[] = [
  ['audio', ExtensionUri.audioLevel, 1],
  ['both', ExtensionUri.absoluteSendTime, 2],
  ['both', ExtensionUri.transportSequence, 3],
  ['both', ExtensionUri.mid, 4],
  ['video', ExtensionUri.rid, 10],
  ['video', ExtensionUri.repairedRid, 11],
  ['video', ExtensionUri.videoOrientation, 13],
];

/** Payload types that may be given out, in this order: dynamic ones, then those below that RTCP does not shadow (RFC 5761 4). */
const FREE_PAYLOAD_TYPES: readonly number[] = [...range(96, 127), ...range(35, 63)];

/**
 * What a connection can negotiate: codecs, their feedback, and header extensions. By default, what today's browsers speak.
 *
 * @example
 * const mediaEngine = new MediaEngine().registerCodec({ mimeType: 'video/VP8', clockRate: 90_000 });
 * const pc = await createPeerConnection({ mediaEngine }); // offers VP8 with retransmission, and nothing else
 */
export class MediaEngine {
  readonly #codecs: CodecCapability[] = [];
  readonly #headerExtensions: HeaderExtensionCapability[] = [];

  /** What a connection has that is given no engine: Opus, G.722, G.711, telephone events; VP8, VP9, H.264, AV1, H.265. */
  static default(): MediaEngine {
    return new MediaEngine().registerDefaultCodecs().registerDefaultHeaderExtensions();
  }

  /** What was registered, the best liked first. */
  get codecs(): readonly CodecCapability[] {
    return this.#codecs;
  }

  /** What was registered, in order. */
  get headerExtensions(): readonly HeaderExtensionCapability[] {
    return this.#headerExtensions;
  }

  /** Adds the codecs of {@link MediaEngine.default}. */
  registerDefaultCodecs(): this {
    for (const codec of DEFAULT_CODECS) this.registerCodec(codec);
    return this;
  }

  /** Adds the header extensions of {@link MediaEngine.default}. */
  registerDefaultHeaderExtensions(): this {
    for (const [kind, uri, preferredId] of DEFAULT_EXTENSIONS) {
      if (kind !== 'video') this.registerHeaderExtension({ uri, kind: 'audio', preferredId });
      if (kind !== 'audio') this.registerHeaderExtension({ uri, kind: 'video', preferredId });
    }
    return this;
  }

  /**
   * Adds a codec behind those there are. Throws `ERR_INVALID_ARGUMENT` for a type that is none or a payload type that is taken,
   * `ERR_RESOURCE` when no payload type is left.
   */
  registerCodec(init: CodecInit): this {
    const [kind, name] = splitMimeType(init.mimeType);
    if (!(Number.isInteger(init.clockRate) && init.clockRate > 0)) throw new RtcError('ERR_INVALID_ARGUMENT', 'clockRate is a whole number above 0');
    const codec: CodecCapability = {
      kind,
      payloadType: this.#takePayloadType(init.payloadType),
      name,
      clockRateHz: init.clockRate,
      ...(init.channels !== undefined && { channels: init.channels }),
      parameters: parseFmtp(init.sdpFmtpLine ?? ''),
      feedback: init.feedback ?? (kind === 'video' ? VIDEO_FEEDBACK : AUDIO_FEEDBACK),
    };
    this.#codecs.push(codec);
    if (codecRole(codec) === 'media' && (init.rtx ?? kind === 'video')) this.#addRtx(codec);
    return this;
  }

  /** Adds a header extension. One that is there already stays. */
  registerHeaderExtension(extension: HeaderExtensionCapability): this {
    if (typeof extension.uri !== 'string' || extension.uri === '') throw new RtcError('ERR_INVALID_ARGUMENT', 'the uri of a header extension is a string');
    if (!this.#headerExtensions.some(({ uri, kind }) => uri === extension.uri && kind === extension.kind)) this.#headerExtensions.push(extension);
    return this;
  }

  /** For the connection. */
  capabilities(): MediaCapabilities {
    return { codecs: [...this.#codecs], headerExtensions: [...this.#headerExtensions] };
  }

  #addRtx({ kind, payloadType, clockRateHz }: CodecCapability): void {
    const next = this.#isTaken(payloadType + 1) || payloadType + 1 > 127 ? undefined : payloadType + 1;
    this.#codecs.push({
      kind,
      payloadType: this.#takePayloadType(next),
      name: 'rtx',
      clockRateHz,
      parameters: new Map([['apt', String(payloadType)]]),
      feedback: [],
    });
  }

  #isTaken(payloadType: number): boolean {
    return this.#codecs.some((codec) => codec.payloadType === payloadType);
  }

  #takePayloadType(wanted: number | undefined): number {
    if (wanted === undefined) {
      const free = FREE_PAYLOAD_TYPES.find((payloadType) => !this.#isTaken(payloadType));
      if (free === undefined) throw new RtcError('ERR_RESOURCE', 'no payload type is left');
      return free;
    }
    if (!(Number.isInteger(wanted) && wanted >= 0 && wanted <= 127) || (wanted >= 64 && wanted <= 95)) throw new RtcError('ERR_INVALID_ARGUMENT', `payload type ${wanted}`);
    if (this.#isTaken(wanted)) throw new RtcError('ERR_INVALID_ARGUMENT', `payload type ${wanted} is taken`);
    return wanted;
  }
}

/** The kind and the encoding name of a MIME type. Throws `ERR_INVALID_ARGUMENT`. */
export function splitMimeType(mimeType: string): [kind: MediaKind, name: string] {
  const [kind, name, ...rest] = String(mimeType).split('/');
  if ((kind !== 'audio' && kind !== 'video') || name === undefined || name === '' || rest.length > 0) {
    throw new RtcError('ERR_INVALID_ARGUMENT', `${mimeType} is not a MIME type as in video/VP8`);
  }
  return [kind, name];
}

/** The parameters of a format line; one without `=` is kept as a name without a value. */
export function parseFmtp(line: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of line.split(';')) {
    const text = part.trim();
    if (text === '') continue;
    const at = text.indexOf('=');
    if (at < 0) parameters.set(text, '');
    else parameters.set(text.slice(0, at).trim(), text.slice(at + 1).trim());
  }
  return parameters;
}

/** The format line of parameters. */
export function formatFmtp(parameters: ReadonlyMap<string, string>): string {
  return [...parameters].map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join(';');
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
