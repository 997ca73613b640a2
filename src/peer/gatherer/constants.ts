// Gathering. Times in milliseconds.

/** The port of a STUN or TURN server whose URL has none (RFC 7064 3.2, RFC 7065 3.2). */
export const DEFAULT_STUN_PORT = 3478;

/** How long one server may take, name resolution included. */
export const SERVER_DEADLINE_MS = 5000;

/** Between two first requests (RFC 8445 14.2 asks for at least 5). */
export const PACING_MS = 20;

/** Servers that are asked; more only delay (RFC 8445 gives no number). */
export const MAX_SERVERS = 16;

/** Longest URL of a server, in characters. */
export const MAX_URL_LENGTH = 512;

/** Error code for a server that cannot be reached or does not answer (W3C webrtc-pc 4.8.3). */
export const UNREACHABLE_CODE = 701;
