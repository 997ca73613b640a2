import type { CipherSuite } from './v12/suites.ts';

/** Why a connection failed. */
export type DtlsFailure =
  /** The handshake took longer than its limit. */
  | 'timeout'
  /** A message that cannot be decoded, or that does not belong where it came. */
  | 'protocol'
  /** No version, suite, group, signature scheme or SRTP profile in common, or a required extension is missing. */
  | 'negotiation'
  /** The peer's certificate is malformed or of a kind that is not accepted. */
  | 'certificate'
  /** The peer's certificate is not the one that was signalled (RFC 8122 5). */
  | 'fingerprint'
  /** A signature, a key share or Finished does not hold. */
  | 'authentication'
  /** The peer sent a fatal alert. */
  | 'peer-alert'
  /** More warning alerts than are tolerated. */
  | 'alert-limit'
  /** More forged records than one key may see (RFC 9147 4.5.3). */
  | 'forgery-limit'
  /** The record numbers are used up (RFC 6347 4.1). */
  | 'sequence-limit';

/** What a connection reports. `closed` and `failed` come once, and nothing after them. */
export type DtlsEvent =
  | {
      readonly type: 'connected';
      readonly cipherSuite: CipherSuite;
      /** The profile of RFC 5764 4.1.2, when one was negotiated. */
      readonly srtpProfile: number | undefined;
    }
  /** One of the two sides closed in an orderly way. */
  | { readonly type: 'closed' }
  /** `alert` is the alert that was sent or received, where there was one. */
  | { readonly type: 'failed'; readonly reason: DtlsFailure; readonly message: string; readonly alert: number | undefined };
