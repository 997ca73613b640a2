import { type Datagram, type Deadline, earlier, type Environment, type Instant, type SparseQueue, type TransportAddress } from '../core/index.ts';
import type { DtlsState } from '../dtls/index.ts';
import type { IceConnectionState } from '../ice/index.ts';
import { Branch, type Bundle } from './bundle.ts';
import type { PeerConfig } from './config.ts';
import type { PeerEvent } from './events.ts';
import type { MediaAgreement } from './jsep/index.ts';
import type { PeerMedia } from './media/index.ts';
import { type IceGatheringState, jointDtlsState, jointGatheringState, jointIceState } from './states.ts';

/**
 * The transports of a connection whose peer does not bundle everything: the first, and those of sections outside of its group
 * (RFC 9143 7). Made with the first of these: most connections have none.
 */
export class Branches {
  readonly #first: Bundle;
  readonly #media: PeerMedia;
  readonly #events: SparseQueue<PeerEvent>;
  #list: readonly Branch[] = [];
  /** Whose turn to send it is. */
  #turn = 0;

  /** @param events - where sockets are asked for */
  constructor(first: Bundle, media: PeerMedia, events: SparseQueue<PeerEvent>) {
    this.#first = first;
    this.#media = media;
    this.#events = events;
  }

  /** Without the first. */
  get list(): readonly Branch[] {
    return this.#list;
  }

  get(id: number): Branch | undefined {
    return this.#list.find((branch) => branch.id === id);
  }

  make(id: number, config: PeerConfig, environment: Environment): Branch {
    const branch = new Branch(id, config, this.#first, environment);
    this.#setList(this.#list.concat(branch));
    this.#events.push({ type: 'sockets-wanted', transport: id });
    return branch;
  }

  /** Removes one whose transport has ended. */
  remove(branch: Branch, now: Instant): void {
    branch.media.update([], now);
    for (let event = branch.media.pollEvent(); event !== undefined; event = branch.media.pollEvent()) this.#media.report(event);
    branch.media.forget();
    this.#setList(this.#list.filter((other) => other !== branch));
    this.#events.push({ type: 'sockets-unused', transport: branch.id });
  }

  #setList(list: readonly Branch[]): void {
    this.#list = list;
    this.#media.setOthers(list.map(({ media }) => media));
  }

  /** The whole list of agreements in force: to each what its sections agreed upon. */
  agree(agreements: readonly MediaAgreement[], now: Instant): void {
    for (const bundle of [this.#first, ...this.#list]) bundle.agree(agreements.filter(({ transport }) => transport === bundle.id), now);
  }

  /** Whose socket it is. */
  at(local: TransportAddress): Bundle {
    return this.#list.find(({ connectivity }) => connectivity.gathering.has(local)) ?? this.#first;
  }

  /** The bundle that the data section is of. */
  get carrier(): Bundle {
    return this.#list.find(({ carries }) => carries) ?? this.#first;
  }

  /** Takes from all in turns, so that none waits for another that always has more. */
  pollWrite(): Datagram | undefined {
    for (let tried = 0; tried <= this.#list.length; tried++) {
      this.#turn = this.#turn >= this.#list.length ? 0 : this.#turn + 1;
      const datagram = (this.#turn === 0 ? this.#first : (this.#list[this.#turn - 1] as Bundle)).pollWrite();
      if (datagram !== undefined) return datagram;
    }
    return undefined;
  }

  handleTimeout(now: Instant, collect: (branch: Branch) => void): void {
    for (const branch of this.#list) {
      if (branch.connectivity.handleTimeout(now)) collect(branch);
      if (branch.media.isInUse) branch.media.handleTimeout(now);
    }
  }

  /** The earliest of those besides the first. */
  pollTimeout(): Deadline | undefined {
    let deadline: Deadline | undefined;
    for (const branch of this.#list) deadline = earlier(deadline, branch.pollTimeout());
    return deadline;
  }

  // The states of all together; the first has none while no section uses it.

  get iceState(): IceConnectionState {
    return jointIceState(this.#used().map(({ transport }) => transport.iceState));
  }

  get dtlsState(): DtlsState {
    return jointDtlsState(this.#used().map(({ transport }) => transport.dtlsState));
  }

  get gatheringState(): IceGatheringState {
    return jointGatheringState(this.#used().map(({ connectivity }) => connectivity.gathering.state));
  }

  #used(): readonly Bundle[] {
    return this.#first.transport.ice === undefined ? this.#list : [this.#first, ...this.#list];
  }
}
