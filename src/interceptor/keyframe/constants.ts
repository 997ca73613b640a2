// Numbers of keyframe requests.

/** Least time between two requests for one stream, in either direction, in milliseconds. */
export const REQUEST_GAP_MS = 300;

/** The least that this time may be set to: an encoder must not be made to send nothing but keyframes. */
export const MIN_REQUEST_GAP_MS = 100;

/** The least time between keyframes that are asked for without need, in milliseconds. */
export const MIN_INTERVAL_MS = 500;

/** Most senders of full intra requests that are told apart, per stream. */
export const MAX_REQUESTERS = 16;
