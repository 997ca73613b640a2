// Numbers of DTLS 1.2 and its extensions. Sizes are in bytes, times in milliseconds.

/** Versions as on the wire: ones' complement, so a newer version is a smaller number (RFC 6347 4.1, RFC 9147 5.3). */
export const VERSION_DTLS_1_0 = 0xfeff;
export const VERSION_DTLS_1_2 = 0xfefd;

/** Content types of records (RFC 5246 6.2.1). */
export const ContentType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

/** Handshake message types (RFC 5246 7.4, RFC 6347 4.3.2). */
export const HandshakeType = {
  helloRequest: 0,
  clientHello: 1,
  serverHello: 2,
  helloVerifyRequest: 3,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  serverHelloDone: 14,
  certificateVerify: 15,
  clientKeyExchange: 16,
  finished: 20,
} as const;
export type HandshakeType = (typeof HandshakeType)[keyof typeof HandshakeType];

/** Alert descriptions (RFC 5246 7.2; 110 of RFC 5246 7.2.2). */
export const Alert = {
  closeNotify: 0,
  unexpectedMessage: 10,
  badRecordMac: 20,
  handshakeFailure: 40,
  badCertificate: 42,
  unsupportedCertificate: 43,
  illegalParameter: 47,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
  insufficientSecurity: 71,
  internalError: 80,
  userCanceled: 90,
  noRenegotiation: 100,
  unsupportedExtension: 110,
} as const;
export type Alert = (typeof Alert)[keyof typeof Alert];

/** Alert levels (RFC 5246 7.2). */
export const ALERT_WARNING = 1;
export const ALERT_FATAL = 2;

/** Extension types (IANA TLS ExtensionType Values). */
export const ExtensionType = {
  supportedGroups: 10, // RFC 8422 5.1.1
  ecPointFormats: 11, // RFC 8422 5.1.2
  signatureAlgorithms: 13, // RFC 5246 7.4.1.4.1
  useSrtp: 14, // RFC 5764 4.1.1
  extendedMasterSecret: 23, // RFC 7627 5.1
  supportedVersions: 43, // RFC 8446 4.2.1
  renegotiationInfo: 0xff01, // RFC 5746 3.2
} as const;

/** The signalling cipher suite that says what an empty renegotiation_info says (RFC 5746 3.3). */
export const EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff;

/** Client certificate types (RFC 5246 7.4.4, RFC 8422 5.5). */
export const CERTIFICATE_TYPE_RSA_SIGN = 1;
export const CERTIFICATE_TYPE_ECDSA_SIGN = 64;

/** ECCurveType named_curve (RFC 8422 5.4). */
export const NAMED_CURVE = 3;

/** DTLSPlaintext and DTLSCiphertext header (RFC 6347 4.1). */
export const RECORD_HEADER_BYTES = 13;
/** Explicit nonce of the GCM suites (RFC 5288 3). */
export const GCM_EXPLICIT_NONCE_BYTES = 8;
/** Authentication tag of every suite that is offered (RFC 5116 5.1, RFC 7905 2). */
export const TAG_BYTES = 16;
/** Handshake fragment header (RFC 6347 4.2.2). */
export const HANDSHAKE_HEADER_BYTES = 12;

/** Room for the messages of a handshake in which both sides have ECDSA certificates, as most are. */
export const TRANSCRIPT_BYTES = 1536;
/** Largest plaintext of a record (RFC 5246 6.2.1). */
export const MAX_PLAINTEXT_BYTES = 16_384;
/** Last record number that may be used (RFC 6347 4.1: 48 bits, no wrap). */
export const MAX_RECORD_SEQUENCE = 0xffff_ffff_ffff;
/** verify_data of Finished (RFC 5246 7.4.9). */
export const VERIFY_DATA_BYTES = 12;
export const MASTER_SECRET_BYTES = 48;
export const RANDOM_BYTES = 32;

/** Smallest datagram size that the handshake can be cut to. */
export const MIN_MTU_BYTES = 100;
export const DEFAULT_MTU_BYTES = 1200;

/** Handshake messages ahead of the next one that are kept: the longest flight has seven (RFC 6347 4.2.4). */
export const FLIGHT_WINDOW_MESSAGES = 7;
export const MAX_HANDSHAKE_MESSAGE_BYTES = 65_536;
export const MAX_CERTIFICATE_MESSAGE_BYTES = 32_768;
/** All fragments that wait for their message to become whole, with {@link FRAGMENT_OVERHEAD_BYTES} charged for each piece. */
export const MAX_REASSEMBLY_BYTES = 131_072;
export const FRAGMENT_OVERHEAD_BYTES = 128;
/** One certificate, DER. */
export const MAX_CERTIFICATE_BYTES = 16_384;
export const MAX_CERTIFICATE_CHAIN = 4;
export const MIN_RSA_BITS = 2048;
export const MAX_RSA_BITS = 4096;
/** HelloVerifyRequests that a client follows (RFC 6347 4.2.1 needs one; a rotated secret a second). */
export const MAX_HELLO_VERIFY_REQUESTS = 3;

/** Records of an epoch whose keys are not in use yet. */
export const MAX_EARLY_RECORDS = 16;
export const MAX_EARLY_BYTES = 32_768;
/** Received application data that nobody has polled yet, in records. */
export const MAX_UNREAD_RECORDS = 4096;
/** Width of the replay window in records (RFC 6347 4.1.2.6 asks for at least 32). */
export const REPLAY_WINDOW_RECORDS = 256;
/** Records that fail to authenticate before the keys are given up (RFC 9147 4.5.3). */
export const MAX_FORGED_RECORDS: number = 2 ** 36;
/** Warning alerts that are tolerated on a connection. */
export const MAX_WARNING_ALERTS = 4;

/** First retransmission: the way is known to be short-lived and ICE has just measured it (RFC 6347 4.2.4.1 allows less than 1 s). */
export const INITIAL_RTO_MS = 50;
export const MAX_RTO_MS = 3_000;
export const HANDSHAKE_TIMEOUT_MS = 30_000;
/** Least time between two answers to an unauthenticated repetition after the handshake. */
export const REPEAT_INTERVAL_MS = 1_000;
/** Life of a generated certificate, and how far back it begins for peers whose clock is late. */
export const CERTIFICATE_LIFE_MS: number = 30 * 86_400_000;
export const CERTIFICATE_BACKDATE_MS = 86_400_000;
