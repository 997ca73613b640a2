import { RtcError, SparseMap } from '../core/index.ts';
import type { Channel } from './channel.ts';
import { MAX_CHANNEL_ID } from './constants.ts';

/** Which channel has which stream, and which ids are free (RFC 8832 6). */
export class ChannelIds {
  readonly #channels: SparseMap<number, Channel> = new SparseMap();
  /** Ids that are usable: below the number of streams, once that is known. */
  #limit = MAX_CHANNEL_ID + 1;
  /** No id of our parity is free below this one. */
  #free = 0;
  #parity: 0 | 1 | undefined;

  get size(): number {
    return this.#channels.size;
  }

  /** 0 for the DTLS client, 1 for the server; `undefined` until that is known. */
  get parity(): 0 | 1 | undefined {
    return this.#parity;
  }

  setParity(parity: 0 | 1): void {
    this.#parity = parity;
    this.#free = parity;
  }

  setLimit(streams: number): void {
    this.#limit = Math.min(streams, MAX_CHANNEL_ID + 1);
  }

  usable(id: number): boolean {
    return id < this.#limit;
  }

  get(id: number): Channel | undefined {
    return this.#channels.get(id);
  }

  /** Throws `ERR_OPERATION` when the id is taken. */
  claim(channel: Channel, id: number): void {
    if (this.#channels.has(id)) throw new RtcError('ERR_OPERATION', `the channel id ${id} is in use`);
    channel.id = id;
    this.#channels.set(id, channel);
  }

  /** Gives a channel the lowest free id of our parity. Returns false when there is none. */
  assign(channel: Channel): boolean {
    if (this.#parity === undefined) return false;
    let id = this.#free;
    while (this.#channels.has(id)) id += 2;
    this.#free = id;
    if (!this.usable(id)) return false;
    this.claim(channel, id);
    return true;
  }

  release(id: number): void {
    this.#channels.delete(id);
    if (id % 2 === this.#parity && id < this.#free) this.#free = id;
  }

  all(): Channel[] {
    return this.#channels.list();
  }
}
