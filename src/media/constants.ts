import { MAX_FRAME_BYTES } from '../codec/index.ts';

/** RTP clock of all video formats in Hz; the ticks of video frames. */
export const VIDEO_CLOCK_HZ = 90_000;

/** Most bytes that a reader holds when its frames are not taken. */
export const MAX_BUFFERED_BYTES: number = 2 * MAX_FRAME_BYTES;

/** Bytes that a long input is cut into before it is pushed. */
export const PUSH_BYTES = 65_536;

/** Bytes at the beginning of an input in which its container must show. */
export const SNIFF_BYTES = 65_536;

/** Frames per second of a byte stream that carries no times and does not say. */
export const DEFAULT_FRAME_RATE = 25;

/** How far in seconds a frame's timestamp may lie behind the highest before: more is a stream that began anew. */
export const MAX_REORDER_SECONDS = 10;

/** How far in seconds a frame's timestamp may lie ahead of the highest before: more is a stream that began anew. */
export const MAX_GAP_SECONDS = 3600;

/** Longest gap in seconds that writers of audio fill with silence. A longer one is left out. */
export const MAX_SILENCE_SECONDS = 60;

/** Milliseconds of sound in a frame of a WAV file, as RTP carries it (RFC 3551 4.2). */
export const DEFAULT_WAV_FRAME_MS = 20;

/** Most channels of sound that readers and writers take. */
export const MAX_CHANNELS = 8;

/** Highest sampling rate that readers and writers take, in Hz. */
export const MAX_SAMPLE_RATE_HZ = 384_000;

/** Most bytes of a file in memory that a WebM or MP4 reader keeps of an input that can only be read once. */
export const MAX_STREAM_CACHE_BYTES = 67_108_864;

/** How long in milliseconds a recorder waits for the first frame of a track before it begins without the track. */
export const TRACK_START_TIMEOUT_MS = 5000;

/** Most bytes of frames that a recorder holds while it waits for tracks to begin. */
export const MAX_HELD_RECORDING_BYTES = 33_554_432;

/** Difference in milliseconds between tracks' clocks that is corrected while a recording runs. */
export const SYNC_TOLERANCE_MS = 15;

/** Difference in milliseconds between tracks' clocks beyond which they are not taken for clocks of one sender. */
export const MAX_SYNC_CORRECTION_MS = 10_000;

/** Most bytes of a file that is written into memory. */
export const MAX_SINK_BYTES = 1_073_741_824;

/** How far in milliseconds sound may lie behind the picture before it is taken to have stopped, and silence is recorded. */
export const SILENCE_AFTER_MS = 3000;

/** How far in milliseconds the silence that is recorded stays behind the picture, so that sound that is late finds room. */
export const SILENCE_BEHIND_MS = 1000;

/** How long in milliseconds a picture may stand still while sound goes on before its track is ended. */
export const TRACK_STALL_MS = 600_000;
