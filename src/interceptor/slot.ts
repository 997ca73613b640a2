/**
 * Where an interceptor stands, as its distance from the wire. What is read passes from the smallest to the greatest, what is
 * written the other way. Interceptors of your own may stand between these.
 */
export const Slot = {
  /** Sees exactly what is on the wire. */
  dump: 0,
  /** Sends again, byte for byte, what went below this place, for peers without RTX. */
  repeat: 50,
  /** Numbers and times of the transport as a whole: transport-cc, RFC 8888, absolute send time; congestion control. */
  transport: 100,
  /** Sender and receiver reports (RFC 3550 6.4), and the counts that statistics are made of. */
  report: 200,
  /** Holds packets back to send them evenly. */
  pacer: 300,
  /**
   * Asks for what is missing and answers who asks (RFC 4585 6.2.1), with RTX (RFC 4588). Below FEC, since the numbers that are
   * asked for are those on the wire, among which FEC packets may have theirs, and what RTX brings back may be RED (RFC 5109 14.2).
   */
  nack: 400,
  /** Makes and uses FEC packets (RFC 5109, RFC 8627). */
  fec: 500,
  /** Redundant audio (RFC 2198). */
  red: 600,
  /** Puts packets in order and waits for late ones. */
  jitter: 700,
  /** Keyframe requests (RFC 4585 6.3.1, RFC 5104 4.3.1). */
  keyframe: 800,
  /** Next to the application. */
  application: 900,
} as const;
