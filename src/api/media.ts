import { RtcError } from '../core/index.ts';
import type { ActiveDirection, EncodingInit, MediaEvent, ReceivedPacket, TransceiverInit as PeerTransceiverInit } from '../peer/index.ts';
import type { MediaKind } from '../rtp/index.ts';
import type { StatsReport } from '../stats/index.ts';
import type { TrackEvent } from './handler.ts';
import { type ReceiverPort, RtpReceiver } from './rtp-receiver.ts';
import { RtpSender, type SenderPort } from './rtp-sender.ts';
import { RtpTransceiver } from './rtp-transceiver.ts';
import type { TrackLocal } from './track-local.ts';
import type { TrackRemote } from './track-remote.ts';

/** W3C `RTCRtpTransceiverInit`. */
export interface TransceiverInit {
  /** Default `sendrecv`. */
  readonly direction?: ActiveDirection;
  /** The MediaStreams that the track belongs to. */
  readonly streamIds?: readonly string[];
  /** Encodings of a simulcast, each with a RID; at most 8. Default: one without. */
  readonly sendEncodings?: readonly EncodingInit[];
}

/** What the media of a connection needs of it. */
export interface MediaPort extends SenderPort, ReceiverPort {
  /** Tells of a track that the peer sends. */
  onTrack(event: TrackEvent): void;
  onTargetRate(targetBps: number): void;
}

/** The transceivers of a connection. */
export class ConnectionMedia {
  readonly #port: MediaPort;
  readonly #transceivers: Map<number, RtpTransceiver> = new Map();

  constructor(port: MediaPort) {
    this.#port = port;
  }

  /** In the order in which they were made; without those that stopped. */
  get transceivers(): readonly RtpTransceiver[] {
    return [...this.#transceivers.values()].filter(({ stopped }) => !stopped);
  }

  addTrack(track: TrackLocal, streamIds: readonly string[]): RtpSender {
    this.#port.checkOpen();
    if (this.transceivers.some(({ sender }) => sender.track === track)) throw new RtcError('ERR_INVALID_ACCESS', 'the track is sent already');
    const id = this.#port.media.addTrack(track.kind, track.id, streamIds.length > 0 ? streamIds : [track.streamId]);
    const { sender } = this.#adopt(id, track.kind);
    sender.attach(track);
    this.#port.updateNegotiationNeeded();
    return sender;
  }

  removeTrack(sender: RtpSender): void {
    this.#port.checkOpen();
    for (const [id, transceiver] of this.#transceivers) {
      if (transceiver.sender !== sender) continue;
      sender.detach();
      this.#port.media.removeTrack(id);
      return this.#port.updateNegotiationNeeded();
    }
    throw new RtcError('ERR_INVALID_ACCESS', 'the sender is of another connection');
  }

  addTransceiver(trackOrKind: TrackLocal | MediaKind, init: TransceiverInit): RtpTransceiver {
    this.#port.checkOpen();
    const track = typeof trackOrKind === 'string' ? undefined : trackOrKind;
    const kind = track?.kind ?? trackOrKind;
    if (kind !== 'audio' && kind !== 'video') throw new RtcError('ERR_INVALID_ARGUMENT', 'give a track, or the kind audio or video');
    const streamIds = init.streamIds ?? (track === undefined ? undefined : [track.streamId]);
    const peerInit: PeerTransceiverInit = {
      ...(init.direction !== undefined && { direction: init.direction }),
      ...(streamIds !== undefined && { streamIds }),
      ...(track !== undefined && { trackId: track.id }),
      ...(init.sendEncodings !== undefined && { encodings: init.sendEncodings }),
    };
    const transceiver = this.#adopt(this.#port.media.addTransceiver(kind, peerInit), kind);
    if (track !== undefined) transceiver.sender.attach(track);
    this.#port.updateNegotiationNeeded();
    return transceiver;
  }

  /** The statistics of one sender or receiver. Rejects with `ERR_INVALID_ACCESS` for a selector of another connection (W3C 8.2). */
  async statsOf(selector: TrackLocal | TrackRemote | RtpSender | RtpReceiver): Promise<StatsReport> {
    for (const { sender, receiver } of this.transceivers) {
      if (selector === sender || selector === sender.track) return sender.getStats();
      if (selector === receiver || receiver.tracks.some((track) => track === selector)) return receiver.getStats();
    }
    throw new RtcError('ERR_INVALID_ACCESS', 'the selector is of another connection');
  }

  /** Takes an event of the peer that concerns media. */
  onEvent(event: MediaEvent): void {
    switch (event.type) {
      case 'transceiver':
        this.#adoptNew(event.transceiver);
        return;
      case 'track':
        this.#onTrack(event.transceiver, event.trackId, event.streamIds, event.rids);
        return;
      case 'track-streams':
        this.#transceivers.get(event.transceiver)?.receiver.setStreams(event.streamIds);
        return;
      case 'track-removed':
        this.#transceivers.get(event.transceiver)?.receiver.onRemoved();
        return;
      case 'transceiver-stopped':
        this.#transceivers.get(event.transceiver)?.onStopped();
        this.#transceivers.delete(event.transceiver);
        return;
      case 'keyframe-wanted':
        this.#transceivers.get(event.transceiver)?.sender.onKeyframeWanted(event.encoding);
        return;
      case 'encoding-ended':
        this.#transceivers.get(event.transceiver)?.receiver.tracks.find(({ rid }) => rid === event.rid)?.setMuted(true);
        return;
      case 'target-rate':
        return this.#port.onTargetRate(event.targetBps);
      case 'media-agreed':
      case 'encoding-started':
        return;
      default:
        event satisfies never;
    }
  }

  /** Hands a packet to its track. */
  onPacket(packet: ReceivedPacket): void {
    const transceiver = this.#transceivers.get(packet.stream.transceiver);
    transceiver?.receiver.onPacket(packet, (track) => this.#tell(transceiver, track));
  }

  close(): void {
    for (const transceiver of this.#transceivers.values()) transceiver.onStopped();
  }

  #onTrack(id: number, trackId: string, streamIds: readonly string[], rids: readonly string[]): void {
    const transceiver = this.#transceivers.get(id) ?? this.#adoptNew(id);
    for (const track of transceiver?.receiver.onTrack(trackId, streamIds, rids) ?? []) this.#tell(transceiver as RtpTransceiver, track);
  }

  #tell(transceiver: RtpTransceiver, track: TrackRemote): void {
    this.#port.onTrack({ track, receiver: transceiver.receiver, transceiver, streamIds: track.streamIds });
  }

  #adoptNew(id: number): RtpTransceiver | undefined {
    const view = this.#port.media.transceivers.find((transceiver) => transceiver.id === id);
    return view && this.#adopt(id, view.kind);
  }

  #adopt(id: number, kind: MediaKind): RtpTransceiver {
    const known = this.#transceivers.get(id);
    if (known !== undefined) return known;
    const transceiver = new RtpTransceiver(this.#port, id, kind, new RtpSender(this.#port, id, kind), new RtpReceiver(this.#port, id, kind));
    this.#transceivers.set(id, transceiver);
    return transceiver;
  }
}
