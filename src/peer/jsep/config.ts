import type { RandomSource } from '../../core/index.ts';
import type { IceCredentials } from '../../ice/index.ts';
import type { SctpConfig } from '../../sctp/index.ts';
import type { SdpFingerprint, SdpLimits } from '../../sdp/index.ts';
import type { MediaCapabilities } from './media.ts';

/** W3C `RTCBundlePolicy`. */
export type BundlePolicy = 'balanced' | 'max-compat' | 'max-bundle';

/** What offer/answer needs to know. */
export interface JsepConfig {
  /** Makes fresh ICE credentials; called when a first description or an ICE restart needs them. Default: of `random`. */
  readonly credentials?: () => IceCredentials;
  /** Fingerprints of our certificates, at least one. */
  readonly fingerprints: readonly SdpFingerprint[];
  /** Source of the session id, and of what else is random. */
  readonly random: RandomSource;
  /** The largest message we receive, in bytes; 0 is no limit. Default 256 KiB. */
  readonly maxMessageSizeBytes?: number;
  /** Our SCTP port. Default 5000. */
  readonly sctpPort?: number;
  /** What the INIT chunk of an association says, for `a=sctp-init` (draft-hancke-tsvwg-snap). Without it there is none. */
  readonly sctpInit?: SctpConfig;
  /** What media there may be. Without it every section of media is rejected. */
  readonly media?: MediaCapabilities;
  /** The canonical name of all our sources (RFC 7022, RFC 8834 4.9). Default: a random one. */
  readonly cname?: string;
  /** Makes an SSRC. Default: of `random`. */
  readonly ssrc?: () => number;
  /**
   * What is offered to a peer that may not bundle (RFC 9429 4.1.1): with `max-bundle` one transport and nothing else, with `max-compat` candidates for each
   * section, with `balanced` other transports once the answer needs them. Default `balanced`.
   */
  readonly bundlePolicy?: BundlePolicy;
  /** Bounds of what is parsed. */
  readonly sdpLimits?: Partial<SdpLimits>;
}
