// Numbers of the jitter buffer.

/** Packets that one stream holds at most; a power of two. */
export const MAX_HELD_PACKETS = 2048;

/** How long a packet is held at most, in ms. */
export const MAX_DELAY_MS = 2000;

/** How long a gap is waited for until it is known how long that takes, in ms: for a retransmission over most paths. */
export const FIRST_WAIT_MS = 150;

/** The part of the late packets that a wait is long enough for. */
export const QUANTILE = 0.95;

/** What is added to the measured delay, in ms: the next one may be a little longer. */
export const MARGIN_MS = 10;

/** The histogram of delays: the width of a bucket in ms, and how fast old delays are forgotten, per sample. */
export const BUCKET_MS = 5;
export const FORGETTING = 0.995;
/** Samples until the histogram is believed. */
export const LEAST_SAMPLES = 5;

/** The shortest way of a packet is looked for over one to two times this, in ms: clocks drift, and paths change. */
export const BASE_WINDOW_MS = 5000;

/** What a packet of audio is taken to last until two of them were seen, in ms. */
export const DEFAULT_AUDIO_MS = 20;
/** The longest packet of audio that is believed, in ms (RFC 7587 4.2). */
export const MAX_AUDIO_MS = 120;
