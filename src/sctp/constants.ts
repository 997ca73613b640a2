// Numbers of the protocol, each with its RFC section and unit. Without an RFC: RFC 9260.

/** Chunk types (3.2). The two high bits say what to do with an unknown one: drop or skip, silently or with an ERROR. */
export const ChunkType = {
  DATA: 0,
  INIT: 1,
  INIT_ACK: 2,
  SACK: 3,
  HEARTBEAT: 4,
  HEARTBEAT_ACK: 5,
  ABORT: 6,
  SHUTDOWN: 7,
  SHUTDOWN_ACK: 8,
  ERROR: 9,
  COOKIE_ECHO: 10,
  COOKIE_ACK: 11,
  SHUTDOWN_COMPLETE: 14,
  /** RFC 8260 2.1. */
  I_DATA: 64,
  /** RFC 6525 3.1. */
  RE_CONFIG: 130,
  /** RFC 4820 3. */
  PAD: 132,
  /** RFC 3758 3.2. */
  FORWARD_TSN: 192,
  /** RFC 8260 2.3.1. */
  I_FORWARD_TSN: 194,
} as const;

/** Parameters of INIT and INIT ACK (3.3.2, 3.3.3). */
export const ParameterType = {
  STATE_COOKIE: 7,
  UNRECOGNIZED: 8,
  /** RFC 9653 4. */
  ZERO_CHECKSUM: 0x8001,
  /** RFC 5061 4.2.7. */
  SUPPORTED_EXTENSIONS: 0x8008,
  /** RFC 3758 3.1. */
  FORWARD_TSN: 0xc000,
} as const;

/** Parameters of RE-CONFIG (RFC 6525 4). */
export const ResetParameter = {
  OUTGOING: 13,
  INCOMING: 14,
  SSN_TSN: 15,
  RESPONSE: 16,
  ADD_OUTGOING: 17,
  ADD_INCOMING: 18,
} as const;

/** Results of a RE-CONFIG request (RFC 6525 4.4). */
export const ResetResult = {
  NOTHING_TO_DO: 0,
  PERFORMED: 1,
  DENIED: 2,
  WRONG_SSN: 3,
  ALREADY_IN_PROGRESS: 4,
  BAD_SEQUENCE_NUMBER: 5,
  IN_PROGRESS: 6,
} as const;

/** Error causes (3.3.10). */
export const ErrorCause = {
  INVALID_STREAM: 1,
  STALE_COOKIE: 3,
  UNRECOGNIZED_CHUNK: 6,
  INVALID_PARAMETER: 7,
  NO_USER_DATA: 9,
  USER_ABORT: 12,
  PROTOCOL_VIOLATION: 13,
} as const;

/** Flags of DATA (3.3.1) and I-DATA. */
export const DATA_END = 1;
export const DATA_BEGIN = 2;
export const DATA_UNORDERED = 4;
export const DATA_IMMEDIATE = 8;

/** The T bit of ABORT and SHUTDOWN COMPLETE: the tag is the sender's own (8.5.1). */
export const FLAG_T = 1;

/** The error detection method "SCTP over DTLS" (RFC 9653 5). */
export const EDMID_DTLS = 1;

/** Bytes of the common header (3.1), of a chunk's header (3.2) and of a DATA chunk's (3.3.1). */
export const COMMON_HEADER_BYTES = 12;
export const CHUNK_HEADER_BYTES = 4;
export const DATA_HEADER_BYTES = 16;
/** Bytes of an I-DATA chunk's header (RFC 8260 2.1). */
export const I_DATA_HEADER_BYTES = 20;

/** Priorities of data channels, very low to high; each has twice the weight of the one before (RFC 8831 6.4). */
export const PRIORITIES: readonly number[] = [128, 256, 512, 1024];
/** Messages up to this length are begun without regard to longer ones, in bytes. */
export const MAX_SHORT_MESSAGE_BYTES = 16_384;

/** Chunks kept in flight, at most: gap blocks reach 65,535 TSNs (3.3.4), and half of that is enough for any window. */
export const MAX_OUTSTANDING_CHUNKS = 32_768;
/** How far ahead of the cumulative TSN a chunk may lie; gap blocks cannot report more (3.3.4). */
export const MAX_TSN_AHEAD = 65_535;
/** Gap blocks that are read from one SACK. */
export const MAX_GAP_BLOCKS_READ = 300;
/** Duplicate TSNs that one SACK reports. */
export const MAX_DUPLICATES_REPORTED = 64;

/** Packets sent after a lost one that must arrive before it counts as lost (the three missing reports of 7.2.4). */
export const LOSS_THRESHOLD_PACKETS = 3;
/** Packets that may arrive before a SACK must go out (6.2). */
export const SACK_EVERY_PACKETS = 2;
/** Packets after which a SACK goes out although more may lie in the socket: a sender whose window grows by SACKs, and not by bytes, starves on one per turn of the event loop. */
export const URGENT_SACK_PACKETS = 8;
/** Max.Burst (RFC 9260 16): what a sender that keeps to it sends for one SACK at most (6.1 D), and so after how many packets it needs the next. */
export const MAX_BURST_PACKETS = 4;
/** Turns of the event loop in a row that end with just such a burst, after which the sender is taken to keep to it. */
export const BURSTS_TO_LEARN = 8;

/** Initial window in packets, as RFC 6928 argues for TCP. */
export const INITIAL_WINDOW_PACKETS = 10;
/** The window never shrinks below this many packets but after a timeout (7.2.3). */
export const MIN_WINDOW_PACKETS = 4;

/** How steep CUBIC's curve is, in packets per cubed second, and what a loss leaves of the window (RFC 9438 4.6, 5). */
export const CUBIC_C = 0.4;
export const CUBIC_BETA = 0.7;

/**
 * What may be in flight is bounded, however large the window grew: what keeps two event loops busy at once; what a process of this kind
 * can send in the path's shortest round trip, in bytes per ms; and what arrives in the time by which the present round trip is longer
 * than event loops need, because then they wait for a turn of their processors, and more in flight spans the waits, up to as much
 * again: more in flight makes the round trip longer in turn. Beyond that packets only wait in the buffers of sockets, until these
 * run over, and so does whatever is sent after them.
 */
export const BUSY_LOOPS_BYTES: number = 256 * 1024;
export const BUSY_LOOPS_MS = 4;
export const MAX_RATE_BYTES_PER_MS = 400_000;

/** Packets that go out at once whatever the pace, and the shortest round trip that is paced, in ms. */
export const PACE_BURST_PACKETS = 10;
export const PACE_MIN_RTT_MS = 2;

/** Smoothing of the round-trip time (6.3.1). */
export const RTO_ALPHA: number = 1 / 8;
export const RTO_BETA: number = 1 / 4;
/** A peer may hold a SACK back for 200 ms (6.2); a timer with less slack would fire on it, in ms. */
export const RTO_MIN_SLACK_MS = 220;

/**
 * Longest wait until DATA goes again, as a multiple of the first one, and in ms: a path that works again must not wait a minute for the
 * one packet that shows it, nor longer than it then takes to be at its old speed.
 */
export const RETRANSMISSION_MAX_TIMEOUTS = 4;
export const RETRANSMISSION_MAX_MS = 3_000;
/** Longest wait between two probes of a closed window, in ms: an update that was lost must not cost a minute. */
export const ZERO_WINDOW_PROBE_MAX_MS = 5_000;
/** The shortest wait before the tail of a burst is probed, in ms. */
export const TAIL_PROBE_MIN_MS = 10;

/** Parameter type of the heartbeat info (3.3.5). */
export const HEARTBEAT_INFO = 1;

/** Probes of one size until it counts as too large (RFC 8899 5.1.2, MAX_PROBES). */
export const MAX_PROBES = 3;
/** Probes of a size that worked before, until it counts as too large: the path may just be losing much. */
export const MAX_CONFIRM_PROBES = 6;
/** When a search that ended below its bound begins anew, in ms (RFC 8899 5.1.1, PMTU_RAISE_TIMER: 600 s); sooner below the base size. */
export const PMTU_RAISE_MS = 600_000;
export const PMTU_ERROR_RAISE_MS = 60_000;
/** The least time between two looks at whether losses come from the size, in ms. */
export const MIN_PROBE_INTERVAL_MS = 2000;
/** The smallest packet that the search falls back to, in bytes: an IPv4 packet of 576 bytes (RFC 1122 3.3.2) with DTLS. */
export const MIN_MTU_BYTES = 508;
/** IPv4, UDP and DTLS 1.2 with an explicit nonce, in bytes. */
export const DEFAULT_PATH_OVERHEAD_BYTES: number = 20 + 8 + 37;
/** What every host must expect to get in one IP packet, in bytes. */
export const ETHERNET_MTU_BYTES = 1500;
/** The IP packets by which a search goes upwards, in bytes: IPv6's least, tunnels, Ethernet, jumbo frames. */
export const PMTU_STEPS_BYTES: readonly number[] = [1280, 1380, 1450, 1500, 4352, 8900];
/**
 * MTUs of IP packets that links are known to have, in bytes: the least that must be carried, IPv6's least, tunnels of several
 * kinds, PPPoE, Ethernet, Wi-Fi, FDDI, jumbo frames less their tunnels, jumbo frames.
 */
export const PMTU_PLATEAUS_BYTES: readonly number[] = [576, 1280, 1380, 1420, 1450, 1460, 1480, 1492, 1500, 2304, 4352, 8000, 8900, 9000];

/** What bookkeeping of a received chunk or message costs; counted against the window, in bytes. */
export const RECEIVE_OVERHEAD_BYTES = 256;

/** HEARTBEATs answered in a second. */
export const HEARTBEAT_ACKS_PER_SECOND = 4;
/** How much of an unknown chunk an ERROR quotes, and of a reason an ABORT, in bytes. */
export const MAX_QUOTED_BYTES = 128;
/** ERROR chunks sent in a second. */
export const ERRORS_PER_SECOND = 10;
/** INIT ACKs and other packets that wait to be polled, at most. */
export const MAX_QUEUED_CONTROL_PACKETS = 64;
