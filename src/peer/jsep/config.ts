import type { RandomSource } from '../../core/index.ts';
import type { IceCredentials } from '../../ice/index.ts';
import type { SdpFingerprint, SdpLimits } from '../../sdp/index.ts';

/** W3C `RTCBundlePolicy`. */
export type BundlePolicy = 'balanced' | 'max-compat' | 'max-bundle';

/** What offer/answer needs to know. */
export interface JsepConfig {
  /** Makes fresh ICE credentials; called when a first description or an ICE restart needs them. */
  readonly credentials: () => IceCredentials;
  /** Fingerprints of our certificates, at least one. */
  readonly fingerprints: readonly SdpFingerprint[];
  /** Source of the session id. */
  readonly random: RandomSource;
  /** The largest message we receive, in bytes; 0 is no limit. Default 256 KiB. */
  readonly maxMessageSizeBytes?: number;
  /** Our SCTP port. Default 5000. */
  readonly sctpPort?: number;
  /** How sections share transports. Data alone has one section, which every policy treats the same. Default `balanced`. */
  readonly bundlePolicy?: BundlePolicy;
  /** Bounds of what is parsed. */
  readonly sdpLimits?: Partial<SdpLimits>;
}
