/** The timers of an association, named as in RFC 9260 where it names them. */
export type SctpTimer =
  /** INIT or COOKIE ECHO goes out again. */
  | 't1'
  /** SHUTDOWN or SHUTDOWN ACK goes out again. */
  | 't2'
  /** DATA goes out again. */
  | 't3'
  /** The tail of a burst is probed. */
  | 'tail'
  /** Packets may leave again that would have come in too large a burst. */
  | 'pace'
  /** A SACK was held back long enough. */
  | 'sack'
  /** A RE-CONFIG goes out again. */
  | 'reset'
  | 'heartbeat'
  /** A probe of the path's MTU stayed without an answer, or it is time for a new search (RFC 8899). */
  | 'pmtu';
