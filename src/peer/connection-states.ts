import type { SparseQueue } from '../core/index.ts';
import type { DtlsState } from '../dtls/index.ts';
import type { IceConnectionState } from '../ice/index.ts';
import type { PeerEvent } from './events.ts';
import { type ConnectionState, connectionStateOf, type IceGatheringState } from './states.ts';

/** The states of gathering, of ICE and of the whole connection (W3C WebRTC 4.3.2 to 4.3.4). Each change is an event, once. */
export class ConnectionStates {
  readonly #events: SparseQueue<PeerEvent>;
  #gathering: IceGatheringState = 'new';
  #ice: IceConnectionState = 'new';
  #connection: ConnectionState = 'new';

  /** @param events - where changes are reported */
  constructor(events: SparseQueue<PeerEvent>) {
    this.#events = events;
  }

  get gathering(): IceGatheringState {
    return this.#gathering;
  }

  get ice(): IceConnectionState {
    return this.#ice;
  }

  get connection(): ConnectionState {
    return this.#connection;
  }

  setGathering(state: IceGatheringState): void {
    if (this.#gathering === state) return;
    this.#gathering = state;
    this.#events.push({ type: 'ice-gathering-state', state });
  }

  setIce(state: IceConnectionState): void {
    if (this.#ice === state) return;
    this.#ice = state;
    this.#events.push({ type: 'ice-connection-state', state });
  }

  /** What the states of ICE and DTLS make of the connection, once both have told all they had to tell. */
  join(dtls: DtlsState): void {
    const state = connectionStateOf(this.#ice, dtls);
    if (state === this.#connection) return;
    this.#connection = state;
    this.#events.push({ type: 'connection-state', state });
  }

  /** Closing is not told of: who closes knows (W3C WebRTC 4.4.1.10, step 6 on). */
  close(): void {
    this.#ice = 'closed';
    this.#connection = 'closed';
  }
}
