import type { Peer } from '../peer/index.ts';
import type { OperationsChain } from './operations.ts';
import type { Reporter } from './reporter.ts';

/** The negotiation-needed flag (W3C WebRTC 4.7.3): an offer that is due is told of once, when nothing else is going on. */
export class NegotiationNeeded {
  readonly #peer: Pick<Peer, 'signalingState' | 'negotiationNeeded'>;
  readonly #chain: Pick<OperationsChain, 'isEmpty'>;
  readonly #reporter: Pick<Reporter, 'report'>;
  /** W3C [[NegotiationNeeded]]. */
  #isFlagged = false;

  constructor(peer: Pick<Peer, 'signalingState' | 'negotiationNeeded'>, chain: Pick<OperationsChain, 'isEmpty'>, reporter: Pick<Reporter, 'report'>) {
    this.#peer = peer;
    this.#chain = chain;
    this.#reporter = reporter;
  }

  /** Looks again, after anything that may have changed the answer. */
  update(): void {
    if (!this.#isQuiet) return; // looked at again when it is
    if (!this.#peer.negotiationNeeded) {
      this.#isFlagged = false;
      return;
    }
    if (this.#isFlagged) return;
    this.#isFlagged = true;
    queueMicrotask(() => this.#tell());
  }

  /** A description was applied: what it settled is not due any more. */
  settle(): void {
    this.#isFlagged &&= this.#peer.signalingState !== 'stable' || this.#peer.negotiationNeeded;
  }

  /** A closed connection is not stable either. */
  get #isQuiet(): boolean {
    return this.#chain.isEmpty && this.#peer.signalingState === 'stable';
  }

  #tell(): void {
    if (!this.#isFlagged) return;
    if (this.#isQuiet) this.#reporter.report({ type: 'negotiationneeded' });
    else this.#isFlagged = false;
  }
}
