// Numbers of forward error correction (RFC 5109, draft-ietf-payload-flexible-fec-scheme-03).

/** Packets that one ULPFEC packet can protect: a mask of 16 or 48 bits (RFC 5109 7.4). */
export const ULPFEC_SHORT_MASK_BYTES = 2;
export const ULPFEC_LONG_MASK_BYTES = 6;

/** The FEC header and that of level 0 without its mask, in bytes (RFC 5109 7.3, 7.4). */
export const ULPFEC_FIXED_BYTES = 12;

/** The FlexFEC header up to the mask, in bytes (draft-03 4.2). */
export const FLEXFEC_FIXED_BYTES = 18;

/** Bits of the three parts of a FlexFEC mask; each part begins with a bit that tells whether it is the last (draft-03 4.2.1). */
export const FLEXFEC_MASK_BITS: readonly number[] = [15, 31, 63];

/** Most packets that any mask reaches over. */
export const MAX_MASK_BITS = 109;

/** Where the protected part of an RTP packet begins: behind the fixed header, which is protected by fields of its own. */
export const PROTECTED_FROM = 12;

/** Media that a receiver keeps to restore others with, per stream. */
export const KEPT_PACKETS = 512;
export const KEPT_BYTES = 1_048_576;
export const KEPT_MS = 2000;

/** FEC packets that wait for more media, per stream; then the oldest goes. */
export const MAX_PENDING = 32;

/** A FEC packet is given up when the stream is this far ahead of what it protects. */
export const MAX_PENDING_DISTANCE: number = KEPT_PACKETS - MAX_MASK_BITS;

/** Packets that are protected together, at most: what both kinds of mask reach over. */
export const MAX_GROUP_PACKETS = 46;

/** How long packets are collected to be protected together, in milliseconds: repair later than a retransmission helps nobody. */
export const MAX_GROUP_MS = 200;

/** Size of the buffers that hold a group's packets, in bytes; larger packets get larger ones. */
export const COPY_BYTES = 1500;

/** Most FEC packets for one group. */
export const MAX_LANES = 16;

/** FEC packets per media packet: least, most, and how many times the loss. */
export const MIN_SHARE = 0;
export const MAX_SHARE = 0.5;
export const LOSS_FACTOR = 2;

/** How fast the share follows loss that grows, and loss that shrinks. */
export const LOSS_RISE = 0.5;
export const LOSS_FALL = 0.1;
