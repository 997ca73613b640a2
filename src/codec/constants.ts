// Numbers of the payload formats. Those of one format alone stand in its file.

/**
 * Largest payload in bytes unless the caller says otherwise: what a 1200-byte datagram leaves after the RTP header (12),
 * header extensions (24) and the longest SRTP tag (16).
 */
export const DEFAULT_MAX_PAYLOAD_BYTES = 1148;

/** Smallest `maxPayloadBytes` in bytes: every format's own headers and some of the frame fit. */
export const MIN_MAX_PAYLOAD_BYTES = 64;

/** Largest `maxPayloadBytes` in bytes: what a UDP datagram over IPv4 leaves after the RTP header. */
export const MAX_MAX_PAYLOAD_BYTES = 65_495;

/** Most bytes by which the output of one payload may exceed the payload (start codes against length fields). */
export const MAX_GROWTH_BYTES = 64;

/** Most NAL units that our packetizers put in one payload: their start codes stay within {@link MAX_GROWTH_BYTES}. */
export const MAX_AGGREGATED_UNITS = 32;

/** Most bytes of parameter sets taken from signalling. */
export const MAX_PARAMETER_SET_BYTES = 65_536;

/** Most packets that wait for a missing one, and the widest gap in sequence numbers that is waited for. */
export const MAX_HELD_PACKETS = 2048;

/** Longest time in milliseconds that a packet or an unfinished frame is kept. */
export const MAX_HOLD_MS = 2000;

/** Largest frame in bytes, and most bytes of packets that wait for a missing one. */
export const MAX_FRAME_BYTES = 8_388_608;

/** Most packets of one frame. */
export const MAX_FRAME_PACKETS = 4096;

/** Most pieces that the frame being put together may be in: each costs an object, however few its bytes are. */
export const MAX_FRAME_PIECES = 16_384;

/** Most finished frames that wait to be polled. */
export const MAX_READY_FRAMES = 2048;

/** Most bytes of finished frames that wait to be polled. */
export const MAX_READY_BYTES = 16_777_216;

/** Most blocks of a RED payload, the primary one included. */
export const MAX_RED_BLOCKS = 32;
