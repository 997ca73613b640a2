import type { Instant } from '../core/index.ts';
import type { IncomingPacket } from '../interceptor/index.ts';
import type { PeerMedia } from '../peer/index.ts';
import { csrcAt, ExtensionMap, ExtensionUri, type MediaKind, readExtension, audioLevelExtension, type RtpCodec } from '../rtp/index.ts';
import type { StatsReport } from '../stats/index.ts';
import { TrackRemote } from './track-remote.ts';

/** W3C `RTCRtpContributingSource`. */
export interface ContributingSource {
  /** SSRC or CSRC. */
  readonly source: number;
  /** When its last packet came, in milliseconds of the Unix epoch. */
  readonly timestamp: number;
  /** Of that packet, in ticks of its codec's clock. */
  readonly rtpTimestamp: number;
  /** 0 to 1, linear; absent where the packet did not tell (RFC 6464). */
  readonly audioLevel?: number;
}

/** W3C `RTCRtpReceiveParameters`. */
export interface RtpReceiveParameters {
  readonly codecs: readonly RtpCodec[];
  readonly headerExtensions: readonly { readonly uri: string; readonly id: number }[];
  readonly rtcp: { readonly reducedSize: boolean };
}

/** What a receiver needs of its connection. */
export interface ReceiverPort {
  readonly media: PeerMedia;
  now(): Instant;
  wake(): void;
  unixNow(): number;
  onCallbackError(error: unknown): void;
  stats(select: { readonly ssrcs: ReadonlySet<number> }): Promise<StatsReport>;
}

/** Sources are remembered for ten seconds (W3C 5.3), and no more of them than this. */
const SOURCE_MS = 10_000;
const MAX_SOURCES = 64;
/** How long a source of packets that tell no level is not noted again. */
const NOTE_MS = 100;
const NO_CODECS: ReadonlyMap<number, RtpCodec> = new Map();
const NO_EXTENSIONS: ExtensionMap = new ExtensionMap();

/** Receives what the peer sends through one transceiver (W3C 5.3). */
export class RtpReceiver {
  /** `audio` or `video`. */
  readonly kind: MediaKind;
  readonly #port: ReceiverPort;
  readonly #transceiver: number;
  readonly #ssrcs: Set<number> = new Set();
  readonly #synchronization: Map<number, ContributingSource> = new Map();
  readonly #contributing: Map<number, ContributingSource> = new Map();
  /** By RID; the one without comes first. */
  readonly #tracks: Map<string | undefined, TrackRemote> = new Map();
  /** The source that was noted last, and until when that is enough, on the clock of packets. */
  #notedSsrc = -1;
  #notedUntil: Instant = 0;
  #id: string;
  #streamIds: readonly string[] = [];

  /** @internal Made by a connection with its transceiver. */
  constructor(port: ReceiverPort, transceiver: number, kind: MediaKind) {
    this.#port = port;
    this.#transceiver = transceiver;
    this.kind = kind;
    this.#id = globalThis.crypto.randomUUID();
  }

  /** The track; with a simulcast, that of the first encoding. */
  get track(): TrackRemote {
    return this.#tracks.values().next().value ?? this.#trackOf(undefined);
  }

  /** One track for each encoding that the peer sends: several with a simulcast. */
  get tracks(): readonly TrackRemote[] {
    return [...this.#tracks.values()];
  }

  /** What was agreed upon for receiving (W3C 5.3): codecs in the order of preference, header extensions, RTCP. Empty before a negotiation. */
  getParameters(): RtpReceiveParameters {
    const agreement = this.#port.media.sectionOf(this.#transceiver)?.agreement;
    return { codecs: agreement?.receiveCodecs ?? [], headerExtensions: agreement?.extensions ?? [], rtcp: { reducedSize: agreement?.reducedSizeRtcp ?? false } };
  }

  /** The mixer's sources of the last ten seconds, the latest first. */
  getContributingSources(): readonly ContributingSource[] {
    return this.#recent(this.#contributing);
  }

  /** The streams of the last ten seconds, the latest first. */
  getSynchronizationSources(): readonly ContributingSource[] {
    return this.#recent(this.#synchronization);
  }

  /** Asks the peer for a keyframe, of one encoding or of all. */
  requestKeyframe(rid?: string): void {
    this.#port.media.requestKeyframe(this.#transceiver, rid, this.#port.now());
    this.#port.wake();
  }

  /** The statistics of what this receiver gets, with all that they refer to. */
  getStats(): Promise<StatsReport> {
    return this.#port.stats({ ssrcs: new Set(this.#ssrcs) });
  }

  /** @internal The peer sends these from now on. Returns the tracks to tell of. */
  onTrack(trackId: string, streamIds: readonly string[], rids: readonly string[]): readonly TrackRemote[] {
    this.#id = trackId;
    this.setStreams(streamIds);
    if (rids.length > 0) this.#tracks.delete(undefined);
    return (rids.length === 0 ? [undefined] : rids).map((rid) => this.#trackOf(rid));
  }

  /** @internal A packet came. A track that nobody knows yet is told of first, so that whoever takes it sees all of it. */
  onPacket(packet: IncomingPacket, onNewTrack: (track: TrackRemote) => void): void {
    const { rid } = packet.stream;
    this.#noteSources(packet);
    const known = this.#tracks.get(rid);
    const track = known ?? this.#trackOf(rid);
    if (known === undefined) onNewTrack(track);
    track.onPacket(packet);
  }

  /** @internal What the peer sends belongs to these streams from now on. */
  setStreams(streamIds: readonly string[]): void {
    this.#streamIds = streamIds;
    for (const track of this.#tracks.values()) track.setStreams(streamIds);
  }

  /** @internal The peer sends no more. Its tracks are in no stream then, and mute (W3C 5.1, process the removal of a remote track). */
  onRemoved(): void {
    this.setStreams([]);
    for (const track of this.#tracks.values()) track.setMuted(true);
  }

  /** @internal The transceiver has stopped. */
  end(): void {
    for (const track of this.#tracks.values()) track.end();
  }

  #trackOf(rid: string | undefined): TrackRemote {
    const known = this.#tracks.get(rid);
    if (known !== undefined) return known;
    const port = this.#port;
    const section = (): ReturnType<PeerMedia['sectionOf']> => port.media.sectionOf(this.#transceiver);
    const track = new TrackRemote(
      {
        codecs: () => section()?.receiveCodecs ?? NO_CODECS,
        extensions: () => section()?.extensions ?? NO_EXTENSIONS,
        requestKeyframe: (of) => this.requestKeyframe(of),
        now: () => port.now(),
        onCallbackError: (error) => port.onCallbackError(error),
      },
      { kind: this.kind, id: this.#id, rid, streamIds: this.#streamIds },
    );
    this.#tracks.set(rid, track);
    return track;
  }

  #noteSources({ bytes, header, stream, at }: IncomingPacket): void {
    if (at < this.#notedUntil && header.ssrc === this.#notedSsrc && header.csrcCount === 0) return;
    this.#ssrcs.add(header.ssrc);
    const levelId = this.kind === 'audio' ? stream.extensions.idOf(ExtensionUri.audioLevel) : 0;
    const known = this.#synchronization.get(header.ssrc);
    const timestamp = this.#port.unixNow();
    // Video needs no more than a look now and then.
    if (levelId === 0 && header.csrcCount === 0 && known !== undefined && timestamp - known.timestamp < NOTE_MS) return;
    this.#notedSsrc = header.ssrc;
    this.#notedUntil = levelId === 0 ? at + NOTE_MS : 0;
    this.#note(this.#synchronization, { source: header.ssrc, timestamp, rtpTimestamp: header.timestamp, ...audioLevel(bytes, header, levelId) });
    for (let i = 0; i < header.csrcCount; i++) this.#note(this.#contributing, { source: csrcAt(bytes, i), timestamp, rtpTimestamp: header.timestamp });
  }

  #note(sources: Map<number, ContributingSource>, source: ContributingSource): void {
    sources.delete(source.source); // the latest comes last
    sources.set(source.source, source);
    if (sources.size > MAX_SOURCES) sources.delete(sources.keys().next().value as number);
  }

  #recent(sources: ReadonlyMap<number, ContributingSource>): readonly ContributingSource[] {
    const since = this.#port.unixNow() - SOURCE_MS;
    return [...sources.values()].filter(({ timestamp }) => timestamp >= since).reverse();
  }
}

function audioLevel(bytes: Uint8Array, header: IncomingPacket['header'], id: number): { audioLevel?: number } {
  try {
    const level = readExtension(audioLevelExtension, bytes, header, id);
    // W3C 5.3: -dBov to linear, and 127 is silence.
    return level === undefined ? {} : { audioLevel: level.level === 127 ? 0 : 10 ** (-level.level / 20) };
  } catch {
    return {};
  }
}
