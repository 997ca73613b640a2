// Numbers of the chain itself; each interceptor has its own beside it.

/** Most packets that wait for the application; then the oldest goes. As many as a jitter buffer holds. */
export const MAX_UNREAD_PACKETS = 2048;

/** Most packets that wait to be sent; then the newest is refused. A large keyframe has a thousand. */
export const MAX_UNSENT_PACKETS = 8192;

/** Most compound RTCP packets that wait for the application; then the oldest goes. */
export const MAX_UNREAD_RTCP = 256;

/** Most events that wait for the connection; then the oldest goes. */
export const MAX_UNREAD_EVENTS = 1024;

/** Most events and RTCP packets that interceptors may bring forth at one instant, so that two that answer each other end. */
export const MAX_STEPS_PER_PUMP = 10_000;

/** Largest RTCP datagram in bytes, before SRTCP: it must fit every path, tag and lower headers included. */
export const MAX_RTCP_BYTES = 1200;

/** Most sources in one source description: a 5-bit count (RFC 3550 6.5). */
export const MAX_SDES_CHUNKS = 31;
