/** Messages of so many bytes and more are handed over in their own buffer; shorter ones lie side by side in a shared one. */
export const LEAST_OWN_BUFFER_BYTES: number = 8 * 1024;
/** Sizes of the buffers that short messages share, from the first of a turn on. */
export const FIRST_SLAB_BYTES = 1024;
export const LARGEST_SLAB_BYTES: number = 64 * 1024;
/** Received bytes of one channel that wait, at the most, on their way to the user. What comes then stays in the worker, and closes the peer's window. */
export const RECEIVE_CREDIT_BYTES: number = 1024 * 1024;
/** What a message counts for besides its bytes, so that empty ones are bounded too. */
export const MESSAGE_COST_BYTES = 64;
/** Calls of one connection that wait for their worker; more are refused with `ERR_RESOURCE`. */
export const MAX_PENDING_CALLS = 1024;
/** How long `close()` waits for a worker that may have stopped to answer, in milliseconds. */
export const CLOSE_PATIENCE_MS = 5000;
