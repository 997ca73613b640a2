import { ChunkType } from '../sctp/index.ts';

/** RFC 9260 3: the type of the first chunk, behind the common header. */
const AT_CHUNK = 12;

/**
 * Whether a peer that moves from one DTLS association to another takes its SCTP association along. Some do. Others end it and begin a new
 * one, for the same channels: their ABORT, which comes before the new association of DTLS is there, is held back until
 * that is decided; and where it was lost, their INIT is the first packet that comes over the new one.
 */
export class Departure {
  #stage: 'none' | 'possible' | 'moved' = 'none';
  #abort: Uint8Array | undefined;

  get isPossible(): boolean {
    return this.#stage !== 'none';
  }

  /** Returns the ABORT that was held back in vain. */
  setMayMove(mayMove: boolean): Uint8Array | undefined {
    if (mayMove) {
      if (this.#stage === 'none') this.#stage = 'possible';
      return undefined;
    }
    if (this.#stage !== 'possible') return undefined;
    this.#stage = 'none';
    const abort = this.#abort;
    this.#abort = undefined;
    return abort;
  }

  /** DTLS has another association. Returns whether SCTP needs one as well, as far as that is known. */
  moved(): boolean {
    const isLeft = this.#abort !== undefined;
    this.#abort = undefined;
    this.#stage = isLeft ? 'none' : 'moved';
    return isLeft;
  }

  /** What a packet says: of a peer that leaves the association, begins another, or neither. */
  judge(packet: Uint8Array): 'leaves' | 'begins' | 'stays' {
    const chunk = packet[AT_CHUNK];
    if (this.#stage === 'moved') {
      this.#stage = 'none';
      return chunk === ChunkType.INIT ? 'begins' : 'stays';
    }
    if (chunk !== ChunkType.ABORT) return 'stays';
    this.#abort = packet.slice();
    return 'leaves';
  }
}
