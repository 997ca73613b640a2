// ICE numbers. Times in milliseconds.

/** Ta: between two ordinary checks (RFC 8445 14.2). */
export const CHECK_INTERVAL_MS = 50;

/** The least RTO of a check (RFC 8445 14.3). */
export const MIN_CHECK_RTO_MS = 500;

/** Requests per unanswered pair (RFC 8489 6.2.1, Rc). */
export const MAX_REQUESTS_PER_PAIR = 7;

/** Longest time between two requests to where the peer has been heard from: only loss stands in the way there. */
export const HEARD_INTERVAL_MS = 2000;

/** Requests in any second, all kinds but consent together. */
export const MAX_CHECKS_PER_SECOND = 50;

/** Requests in one generation, all kinds but consent and nomination together. */
export const MAX_CHECKS_PER_GENERATION = 1000;

/** Remote candidates that signalling brought. */
export const MAX_REMOTE_CANDIDATES = 100;

/** Pairs in a checklist (RFC 8445 6.1.2.5 recommends 100). */
export const MAX_PAIRS = 200;

/** Peer-reflexive candidates that are kept, on each side. */
export const MAX_PEER_REFLEXIVE = 32;

/** Local candidates of one generation. */
export const MAX_LOCAL_CANDIDATES = 64;

/** Checks remembered that came before the peer's credentials or our candidate did (RFC 8445 7.3). */
export const MAX_EARLY_CHECKS = 32;

/** Datagrams that wait to be polled; responses beyond are not made. */
export const MAX_QUEUED_DATAGRAMS = 512;

/** Nothing is declared failed before this (RFC 8863 3: the time that a check takes with default timers). */
export const PATIENCE_MS = 39_500;

/** Likewise while the peer has not said that it has no more candidates: news may still come by signalling. */
export const TRICKLE_PATIENCE_MS = 120_000;

/** Mean time between consent checks (RFC 7675 5.1); each is drawn from 0.8 to 1.2 of it. */
export const CONSENT_INTERVAL_MS = 5000;

/** How soon a consent check is repeated that was not answered; longer when the round-trip time is. */
export const CONSENT_RETRY_MS = 500;

/** How soon once the pair counts as disconnected. */
export const CONSENT_SLOW_RETRY_MS = 1000;

/** How long a consent check may be answered. */
export const CONSENT_ANSWER_MS = 10_000;

/** Unanswered checks for so long mean `disconnected`. */
export const DISCONNECTED_MS = 5000;

/** A timer that fires so much too late means that the process was stopped or the machine slept. */
export const OVERSLEPT_MS = 5000;

/** Consent ends so long after the last answer (RFC 7675 5.1). */
export const CONSENT_TIMEOUT_MS = 30_000;

/** How long the controlling side waits for a better pair: twice the round-trip time, within these bounds. */
export const NOMINATION_WAIT_MIN_MS = 50;
export const NOMINATION_WAIT_MAX_MS = 1000;

/** The controlled side changes its selected pair at most so often. */
export const MIN_SWITCH_MS = 250;

/** Ports below 1024 that a remote candidate may have: DNS, HTTP(S), STUN and TURN are what NATs and relays use. */
export const ALLOWED_LOW_PORTS: readonly number[] = Object.freeze([53, 80, 443]);

/** Characters of the username fragment: at least 24 bits of randomness (RFC 8445 5.3); 8 of 64 letters are 48. */
export const UFRAG_LENGTH = 8;

/** Characters of the password: at least 128 bits (RFC 8445 5.3); 24 of 64 letters are 144. */
export const PASSWORD_LENGTH = 24;

/** Type preferences (RFC 8445 5.1.2.2). */
export const TYPE_PREFERENCE = { host: 126, prflx: 110, srflx: 100, relay: 0 } as const;

/** Longest candidate line that is parsed, in characters. */
export const MAX_CANDIDATE_LINE = 1024;
