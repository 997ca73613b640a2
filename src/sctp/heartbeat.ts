import { readU16, writeU16 } from '../core/bytes.ts';
import { type Environment, equalBytes, type Instant, randomBytes, type TimerTable } from '../core/index.ts';
import { ChunkType, HEARTBEAT_INFO } from './constants.ts';
import type { ControlQueue } from './control.ts';
import { encodeChunk } from './packets.ts';
import type { Rto } from './rto.ts';
import type { SctpTimer } from './timers.ts';

const NONCE_BYTES = 16;

/** Asks an idle peer whether it is still there (RFC 9260 8.3). */
export class Heartbeat {
  readonly #environment: Environment;
  readonly #control: ControlQueue;
  readonly #timers: TimerTable<SctpTimer>;
  readonly #rto: Rto;
  readonly #intervalMs: number;
  #nonce: Uint8Array | undefined;
  #sentAt: Instant = 0;

  constructor(environment: Environment, control: ControlQueue, timers: TimerTable<SctpTimer>, rto: Rto, intervalMs: number) {
    this.#environment = environment;
    this.#control = control;
    this.#timers = timers;
    this.#rto = rto;
    this.#intervalMs = intervalMs;
  }

  start(now: Instant): void {
    if (this.#intervalMs > 0) this.#timers.set('heartbeat', now + this.#intervalMs);
  }

  /**
   * The timer expired. It is not moved with every packet: it looks back when it fires.
   *
   * @returns whether the last HEARTBEAT stayed without an answer
   */
  handleTimeout(lastHeardAt: Instant, now: Instant): boolean {
    const heard = lastHeardAt + this.#intervalMs;
    if (heard > now) {
      this.#nonce = undefined;
      this.#timers.set('heartbeat', heard);
      return false;
    }
    const missed = this.#nonce !== undefined;
    if (missed) this.#rto.backOff();
    this.#nonce = randomBytes(this.#environment.random, NONCE_BYTES);
    this.#sentAt = now;
    const info = new Uint8Array(4 + NONCE_BYTES);
    writeU16(info, 0, HEARTBEAT_INFO);
    writeU16(info, 2, info.length);
    info.set(this.#nonce, 4);
    this.#control.push(encodeChunk(ChunkType.HEARTBEAT, 0, info));
    this.#timers.set('heartbeat', now + this.#rto.timeoutMs);
    return missed;
  }

  /** A HEARTBEAT ACK with this value. Returns whether it answers what we sent. */
  handleAck(value: Uint8Array, now: Instant): boolean {
    const nonce = this.#nonce;
    if (nonce === undefined || value.length !== 4 + NONCE_BYTES || readU16(value, 0) !== HEARTBEAT_INFO) return false;
    if (!equalBytes(value.subarray(4), nonce)) return false;
    this.#nonce = undefined;
    this.#rto.recover();
    this.#rto.measure(now - this.#sentAt);
    this.start(now);
    return true;
  }
}
