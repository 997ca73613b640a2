import { LOSS_FALL, LOSS_RISE } from './constants.ts';

/** How much FEC goes with the media. */
export interface ShareConfig {
  readonly minShare: number;
  readonly maxShare: number;
  readonly lossFactor: number;
}

/** FEC packets per media packet, from the loss that receivers report: quick to rise, slow to fall. */
export class Share {
  readonly #config: ShareConfig;
  #loss = 0;

  constructor(config: ShareConfig) {
    this.#config = config;
  }

  /** @param fractionLost - as in a report, in units of 1/256 */
  onReport(fractionLost: number): void {
    const step = fractionLost / 256 - this.#loss;
    this.#loss += step * (step > 0 ? LOSS_RISE : LOSS_FALL);
  }

  get value(): number {
    const { minShare, maxShare, lossFactor } = this.#config;
    return Math.min(Math.max(this.#loss * lossFactor, minShare), maxShare);
  }
}
