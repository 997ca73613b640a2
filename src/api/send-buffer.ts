import { Queue, RtcError } from '../core/index.ts';
import type { ChannelHandle } from '../datachannel/index.ts';
import type { ChannelPort } from './channel-port.ts';

/** Above this many buffered bytes `send` waits and `trySend` refuses, unless set otherwise. */
const DEFAULT_HIGH_THRESHOLD_BYTES = 1024 * 1024;
/** Messages that wait in `send` for room; more than this many bytes are refused, so that memory stays bounded. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

interface WaitingMessage {
  readonly bytes: Uint8Array;
  readonly isBinary: boolean;
  readonly resolve: () => void;
  readonly reject: (error: RtcError) => void;
}

/**
 * The buffered amount of a channel (W3C WebRTC 6.2) and its two thresholds: above the high one messages wait here, and a fall to
 * the low one is worth telling.
 */
export class SendBuffer {
  readonly #port: ChannelPort;
  readonly #handle: ChannelHandle;
  /** Made for the first that has to. */
  #waiting: Queue<WaitingMessage> | undefined;
  #waitingBytes = 0;
  #lowThreshold = 0;
  #highThreshold = DEFAULT_HIGH_THRESHOLD_BYTES;
  /** Whether the amount has been above the low threshold since a fall was told of. */
  #isAboveLow = false;

  constructor(port: ChannelPort, handle: ChannelHandle) {
    this.#port = port;
    this.#handle = handle;
  }

  /** In bytes: what the connection has, and what waits for room there. */
  get amount(): number {
    return this.#handle.bufferedAmount + this.#waitingBytes;
  }

  get lowThreshold(): number {
    return this.#lowThreshold;
  }

  set lowThreshold(bytes: number) {
    this.#lowThreshold = checkThreshold('bufferedAmountLowThreshold', bytes);
  }

  get highThreshold(): number {
    return this.#highThreshold;
  }

  set highThreshold(bytes: number) {
    this.#highThreshold = checkThreshold('bufferedAmountHighThreshold', bytes);
  }

  /** Whether a message may be written now. */
  get hasRoom(): boolean {
    return this.isPassedOn && this.#handle.bufferedAmount <= this.#highThreshold;
  }

  /** Whether the connection has all messages. */
  get isPassedOn(): boolean {
    return this.#waiting === undefined || this.#waiting.length === 0;
  }

  write(isBinary: boolean, bytes: Uint8Array): void {
    this.#port.write(this.#handle, isBinary, bytes, isBinary); // text was encoded into bytes of its own
    if (!this.#isAboveLow) this.#isAboveLow = this.#handle.bufferedAmount > this.#lowThreshold;
  }

  /** Keeps a message until there is room. Throws `ERR_RESOURCE` when more than 16 MiB wait. */
  wait(isBinary: boolean, bytes: Uint8Array): Promise<void> {
    if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) {
      throw new RtcError('ERR_RESOURCE', `more than ${MAX_WAITING_BYTES} bytes wait to be sent: await send() before the next`);
    }
    this.#waitingBytes += bytes.length;
    this.#isAboveLow = true;
    return new Promise((resolve, reject) => (this.#waiting ??= new Queue()).push({ bytes, isBinary, resolve, reject }));
  }

  /** Writes what there is room for now, in order. */
  writeWaiting(): void {
    const waiting = this.#waiting;
    while (waiting !== undefined && waiting.length > 0 && this.#handle.bufferedAmount <= this.#highThreshold) {
      const { bytes, isBinary, resolve } = waiting.shift() as WaitingMessage;
      this.#waitingBytes -= bytes.length;
      this.write(isBinary, bytes);
      resolve();
    }
  }

  /** What waits is not sent any more. */
  reject(why: RtcError): void {
    for (let waiting = this.#waiting?.shift(); waiting; waiting = this.#waiting?.shift()) waiting.reject(why);
    this.#waitingBytes = 0;
  }

  /** Whether the amount has fallen to the low threshold; says so once for each fall. */
  takeLow(): boolean {
    if (!this.#isAboveLow || this.amount > this.#lowThreshold) return false;
    this.#isAboveLow = false;
    return true;
  }
}

function checkThreshold(name: string, bytes: number): number {
  if (!(typeof bytes === 'number' && bytes >= 0)) throw new RtcError('ERR_INVALID_ARGUMENT', `${name} is a number of bytes, 0 or more`);
  return bytes;
}
