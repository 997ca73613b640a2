import { RtcError } from '../core/index.ts';
import type { ActiveDirection, CodecCapability, TransceiverDirection, TransceiverView } from '../peer/index.ts';
import type { MediaKind } from '../rtp/index.ts';
import type { RtpReceiver } from './rtp-receiver.ts';
import type { RtpSender, SenderPort } from './rtp-sender.ts';

/** A sender and a receiver that share a section of the descriptions (W3C 5.4). */
export class RtpTransceiver {
  /** `audio` or `video`, for good. */
  readonly kind: MediaKind;
  /** Sends tracks; there is one even when the direction is to receive. */
  readonly sender: RtpSender;
  /** Receives what the peer sends; there is one even when the direction is to send. */
  readonly receiver: RtpReceiver;
  readonly #port: SenderPort;
  readonly #id: number;
  #last: TransceiverView | undefined;
  #isStopped = false;

  /** @internal Made by a connection: see `addTransceiver` and `onTrack`. */
  constructor(port: SenderPort, id: number, kind: MediaKind, sender: RtpSender, receiver: RtpReceiver) {
    this.#port = port;
    this.#id = id;
    this.kind = kind;
    this.sender = sender;
    this.receiver = receiver;
  }

  /** The section it belongs to; `null` before one is agreed upon, and when it is stopped. */
  get mid(): string | null {
    return this.#isStopped ? null : (this.#view()?.mid ?? null);
  }

  /** What is wanted; set it and negotiate. Setting throws `ERR_INVALID_STATE` once it stops, `ERR_INVALID_ARGUMENT`. */
  get direction(): TransceiverDirection {
    return this.#isStopped ? 'stopped' : (this.#view()?.direction ?? 'stopped');
  }

  set direction(direction: ActiveDirection) {
    this.#checkAlive();
    if (!['sendrecv', 'sendonly', 'recvonly', 'inactive'].includes(direction)) throw new RtcError('ERR_INVALID_ARGUMENT', `${direction} is not a direction`);
    this.#port.media.setDirection(this.#id, direction);
    this.#port.updateNegotiationNeeded();
  }

  /** What is agreed upon; `null` before the first agreement. */
  get currentDirection(): TransceiverDirection | null {
    return this.#isStopped ? 'stopped' : (this.#view()?.currentDirection ?? null);
  }

  /** Whether it has come to its end, by {@link RtpTransceiver.stop} or by the peer. */
  get stopped(): boolean {
    return this.#isStopped;
  }

  /**
   * Ends sending and receiving for good; the next negotiation tells the peer, and takes the transceiver out of the list (W3C 5.4). The
   * peer's transceiver stops with it, unless its section is the one that has the transport of all (the first of the BUNDLE group) and
   * others of them live: then the peer's becomes inactive, and a later transceiver of the kind may use it again. Throws `ERR_CLOSED`.
   */
  stop(): void {
    this.#port.checkOpen();
    if (this.#isStopped || this.#view()?.stopping === true) return;
    this.#port.stopTransceiver(this.#id);
    this.#port.updateNegotiationNeeded();
  }

  /**
   * Which codecs to offer or accept, and in which order; none means all. Throws `ERR_INVALID_MODIFICATION` for codecs that the
   * media engine does not have.
   */
  setCodecPreferences(codecs: readonly CodecCapability[]): void {
    this.#checkAlive();
    this.#port.media.setCodecPreferences(this.#id, codecs);
    this.#port.updateNegotiationNeeded();
  }

  /** @internal It is over. */
  onStopped(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.sender.detach();
    this.receiver.end();
  }

  #view(): TransceiverView | undefined {
    this.#last = this.#port.media.transceivers.find(({ id }) => id === this.#id) ?? this.#last;
    return this.#last;
  }

  #checkAlive(): void {
    this.#port.checkOpen();
    if (this.#isStopped || this.#view()?.stopping === true) throw new RtcError('ERR_INVALID_STATE', 'the transceiver is stopped');
  }
}
