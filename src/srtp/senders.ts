import { RtcError } from '../core/index.ts';
import { MAX_RTP_INDEX } from './constants.ts';
import { ReplayWindow } from './replay.ts';
import { estimateIndex } from './rollover.ts';

/** What was sent with one SSRC. */
interface SendStream {
  readonly ssrc: number;
  /** Undefined once the SSRC is retired. */
  sent: ReplayWindow | undefined;
}

/**
 * The SSRCs that send under one key, and which packet indices each has used. One index must never protect two packets: with
 * equal key streams their difference lies open, and AES-GCM would give its authentication key away (RFC 3711 9.1, RFC 7714 12).
 */
export class Senders {
  readonly #streams: Map<number, SendStream> = new Map();
  readonly #window: number;
  readonly #limit: number;
  #last: SendStream | undefined;

  constructor(window: number, limit: number) {
    this.#window = window;
    this.#limit = limit;
  }

  /** How many SSRCs were ever used. */
  get count(): number {
    return this.#streams.size;
  }

  /** Gives an SSRC to one sender. Throws `ERR_INVALID_STATE` when it is or was in use. */
  reserve(ssrc: number): void {
    if (this.#streams.has(ssrc)) throw new RtcError('ERR_INVALID_STATE', `the SSRC ${ssrc} is or was in use under these keys`);
    this.#add(ssrc);
  }

  /** Takes an SSRC out of use for as long as the keys live. */
  retire(ssrc: number): void {
    const stream = this.#streams.get(ssrc) ?? this.#add(ssrc);
    stream.sent = undefined;
  }

  /** The index for the next packet of an SSRC. Throws `ERR_INVALID_STATE` when it may have been used, `ERR_RESOURCE` at the end of the key. */
  take(ssrc: number, sequence: number): number {
    let stream = this.#last;
    if (stream === undefined || stream.ssrc !== ssrc) {
      stream = this.#streams.get(ssrc) ?? this.#add(ssrc);
      this.#last = stream;
    }
    const { sent } = stream;
    if (sent === undefined) throw new RtcError('ERR_INVALID_STATE', `the SSRC ${ssrc} is retired`);
    const index = estimateIndex(sent.highest, sequence);
    if (index > MAX_RTP_INDEX) throw new RtcError('ERR_RESOURCE', 'the packet indices of these keys are used up');
    if (!sent.isNew(index)) throw new RtcError('ERR_INVALID_STATE', `sequence number ${sequence} of SSRC ${ssrc} was used, or may have been`);
    sent.accept(index);
    return index;
  }

  /** The index of a packet that was sent and goes again as it was. Throws `ERR_INVALID_STATE` when it cannot be known to have been. */
  again(ssrc: number, sequence: number): number {
    const sent = this.#streams.get(ssrc)?.sent;
    const index = sent === undefined ? -1 : estimateIndex(sent.highest, sequence);
    if (sent === undefined || index < 0 || sent.isOld(index) || sent.isNew(index)) throw new RtcError('ERR_INVALID_STATE', `packet ${sequence} of ${ssrc} was not sent lately`);
    return index;
  }

  #add(ssrc: number): SendStream {
    if (this.#streams.size >= this.#limit) throw new RtcError('ERR_RESOURCE', `these keys have protected ${this.#limit} SSRCs`);
    const stream: SendStream = { ssrc, sent: new ReplayWindow(this.#window) };
    this.#streams.set(ssrc, stream);
    return stream;
  }
}
