// STUN numbers (RFC 8489; ICE attributes from RFC 8445 16.1).

/** Bytes 4–7 of every message (RFC 8489 5). */
export const MAGIC_COOKIE = 0x2112a442;

/** Size of the header in bytes (RFC 8489 5). */
export const HEADER_BYTES = 20;

/** Size of a transaction id in bytes (RFC 8489 5). */
export const TRANSACTION_ID_BYTES = 12;

/** XORed onto the CRC-32 of a FINGERPRINT: "STUN" (RFC 8489 14.7). */
export const FINGERPRINT_XOR = 0x5354554e;

/** Message classes (RFC 8489 5), as the two bits C1 C0. */
export const StunClass = { request: 0, indication: 1, success: 2, error: 3 } as const;
export type StunClass = (typeof StunClass)[keyof typeof StunClass];

/** Methods (RFC 8489 18.2; others belong to TURN, RFC 8656 17). */
export const StunMethod = { binding: 0x001 } as const;

/** Attribute types (RFC 8489 18.3, RFC 8445 16.1). Types below 0x8000 must be understood by the receiver. */
export const StunAttribute = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  realm: 0x0014,
  nonce: 0x0015,
  messageIntegritySha256: 0x001c,
  passwordAlgorithm: 0x001d,
  userhash: 0x001e,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  passwordAlgorithms: 0x8002,
  alternateDomain: 0x8003,
  software: 0x8022,
  alternateServer: 0x8023,
  fingerprint: 0x8028,
  iceControlled: 0x8029,
  iceControlling: 0x802a,
  /** Sent by Chromium; of no meaning here. */
  networkCost: 0xc057,
} as const;

/** Error codes (RFC 8489 14.8, RFC 8445 16.2). */
export const StunErrorCode = {
  tryAlternate: 300,
  badRequest: 400,
  unauthenticated: 401,
  unknownAttribute: 420,
  staleNonce: 438,
  roleConflict: 487,
  serverError: 500,
} as const;

/** Password algorithms (RFC 8489 18.5). */
export const StunPasswordAlgorithm = { md5: 0x0001, sha256: 0x0002 } as const;

/** Longest USERNAME in bytes (RFC 8489 14.3 allows less; older senders go up to 512, RFC 5389 15.3). */
export const MAX_USERNAME_BYTES = 512;

/** Longest REALM, NONCE, SOFTWARE and reason phrase in bytes (RFC 8489 14.8–14.10, 14.14: 763, less than 128 characters). */
export const MAX_TEXT_BYTES = 763;

/** Most types that a 420 response lists. */
export const MAX_UNKNOWN_ATTRIBUTES = 16;

/** Initial retransmission timeout in milliseconds (RFC 8489 6.2.1). */
export const INITIAL_RTO_MS = 500;

/** Rc, how many requests are sent in all (RFC 8489 6.2.1). */
export const MAX_REQUESTS = 7;

/** Rm, how many initial timeouts to wait after the last request (RFC 8489 6.2.1). */
export const FINAL_WAIT_RTOS = 16;

/** Most transactions that wait for an answer at once. */
export const MAX_TRANSACTIONS = 256;
