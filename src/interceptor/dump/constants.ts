// Numbers of packet dumps.

/** Most records that wait to be polled; then the newest are left out. */
export const MAX_RECORDS = 4096;

/** Bytes of an RTP packet that are recorded: headers with extensions, without payload. */
export const HEADERS_ONLY = -1;
