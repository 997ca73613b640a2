import type { IceConnectionState } from '../ice/index.ts';
import type { ConnectionState, IceGatheringState, PeerEvent, SignalingState } from '../peer/index.ts';
import type { Reporter } from './reporter.ts';

/** What the peer reports of its states, but for that of signaling. */
export type StateEvent = Extract<PeerEvent, { readonly type: 'ice-gathering-state' | 'ice-connection-state' | 'connection-state' }>;

/** The states of a connection as its user knows them: an attribute changes with its event, never before (W3C WebRTC 4.4.1.3, 5.6.2). */
export class ToldStates {
  readonly #reporter: Reporter;
  #signaling: SignalingState = 'stable';
  #iceGathering: IceGatheringState = 'new';
  #iceConnection: IceConnectionState = 'new';
  #connection: ConnectionState = 'new';

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  get signaling(): SignalingState {
    return this.#signaling;
  }

  get iceGathering(): IceGatheringState {
    return this.#iceGathering;
  }

  get iceConnection(): IceConnectionState {
    return this.#iceConnection;
  }

  get connection(): ConnectionState {
    return this.#connection;
  }

  onEvent(event: StateEvent): void {
    switch (event.type) {
      case 'ice-gathering-state':
        this.#iceGathering = event.state;
        return this.#reporter.report({ type: 'icegatheringstatechange', state: event.state });
      case 'ice-connection-state':
        this.#iceConnection = event.state;
        return this.#reporter.report({ type: 'iceconnectionstatechange', state: event.state });
      case 'connection-state':
        this.#connection = event.state;
        return this.#reporter.report({ type: 'connectionstatechange', state: event.state });
      default:
        event satisfies never;
    }
  }

  /** Told before the operation that changed it resolves, unlike candidates, which follow the description (W3C 4.4.1.5). */
  tellSignaling(state: SignalingState): void {
    if (state === this.#signaling) return;
    this.#signaling = state;
    this.#reporter.report({ type: 'signalingstatechange', state });
  }

  /** Closing is not told of (W3C 4.4.1.10). */
  close(): void {
    this.#signaling = 'closed';
    this.#iceConnection = 'closed';
    this.#connection = 'closed';
  }
}
