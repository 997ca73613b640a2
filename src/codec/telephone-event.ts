import { readU16, writeU16 } from '../core/bytes.ts';
import { DecodeError, RtcError } from '../core/index.ts';

/** Size of an event in bytes (RFC 4733 2.3). */
const EVENT_BYTES = 4;

/** Longest duration that one event can state, in ticks (RFC 4733 2.3.5). */
const MAX_DURATION = 0xffff;

/** How often the last packet of an event is sent (RFC 4733 2.5.1.4). */
const END_PACKETS = 3;

/** The DTMF digits in the order of their event codes 0–15 (RFC 4733 3.2). */
export const DTMF_DIGITS = '0123456789*#ABCD';

/** A named event (RFC 4733 2.3). */
export interface TelephoneEvent {
  /** Event code, 0–255; DTMF digits are 0–15. */
  readonly event: number;
  /** E: the event has ended. */
  readonly end: boolean;
  /** Power of the tone in −dBm0, 0–63. */
  readonly volume: number;
  /** Duration so far, in ticks of the RTP clock. */
  readonly duration: number;
}

/** The events of a payload: one, or several that followed each other (RFC 4733 2.5.1.5). Throws {@link DecodeError}. */
export function decodeTelephoneEvents(payload: Uint8Array): TelephoneEvent[] {
  if (payload.length === 0 || payload.length % EVENT_BYTES !== 0) throw new DecodeError('codec.telephone-event', `${payload.length} bytes`);
  const events: TelephoneEvent[] = [];
  for (let at = 0; at < payload.length; at += EVENT_BYTES) {
    const flags = payload[at + 1] as number;
    events.push({ event: payload[at] as number, end: flags >= 0x80, volume: flags & 0x3f, duration: readU16(payload, at + 2) });
  }
  return events;
}

/** The payload of one event. Throws `ERR_INVALID_ARGUMENT` when a field does not fit. */
export function encodeTelephoneEvent({ event, end, volume, duration }: TelephoneEvent): Uint8Array {
  const fits = event >= 0 && event <= 255 && volume >= 0 && volume <= 63 && duration >= 0 && duration <= MAX_DURATION;
  if (!fits) throw new RtcError('ERR_INVALID_ARGUMENT', `event ${event}, volume ${volume}, duration ${duration}`);
  const payload = new Uint8Array(EVENT_BYTES);
  payload[0] = event;
  payload[1] = (end ? 0x80 : 0) | volume;
  writeU16(payload, 2, duration);
  return payload;
}

/** The event code of a DTMF digit (`0`–`9`, `*`, `#`, `A`–`D` in either case), or `undefined`. */
export function dtmfEvent(digit: string): number | undefined {
  const event = digit.length === 1 ? DTMF_DIGITS.indexOf(digit.toUpperCase()) : -1;
  return event < 0 ? undefined : event;
}

/** One packet of an event. */
export interface TelephoneEventPacket {
  readonly payload: Uint8Array;
  /** Set on the first packet of the event. */
  readonly marker: boolean;
  /** When it is to be sent, in milliseconds after the event began. */
  readonly atMs: number;
  /** How far the RTP timestamp is ahead of the event's beginning, in ticks: 0 unless the event outlasts one segment. */
  readonly timestampOffset: number;
}

/** A tone to send (RFC 4733). */
export interface TelephoneToneOptions {
  /** Length of the tone in milliseconds. */
  readonly durationMs: number;
  /** RTP clock in Hz. Default 8000. */
  readonly clockRate?: number;
  /** Time between packets in milliseconds. Default 50 (RFC 4733 2.5.1.2). */
  readonly intervalMs?: number;
  /** Power in −dBm0. Default 10. */
  readonly volume?: number;
}

/**
 * All packets of one tone, in order: one at each interval, and the last three times (RFC 4733 2.5.1). A tone that is
 * longer than a duration can state goes on in further segments (2.5.1.3).
 *
 * @throws RtcError - `ERR_INVALID_ARGUMENT`
 */
export function telephoneEventPackets(event: number, options: TelephoneToneOptions): TelephoneEventPacket[] {
  const { durationMs, clockRate = 8000, intervalMs = 50, volume = 10 } = options;
  if (!(durationMs > 0 && durationMs <= 60_000 && intervalMs >= 1 && clockRate >= 1000)) throw new RtcError('ERR_INVALID_ARGUMENT', `tone of ${durationMs} ms each ${intervalMs} ms`);
  const packets: TelephoneEventPacket[] = [];
  const total = Math.round((durationMs * clockRate) / 1000);
  let segment = 0;
  const push = (atMs: number, duration: number, end: boolean): void => {
    packets.push({ payload: encodeTelephoneEvent({ event, end, volume, duration }), marker: packets.length === 0, atMs, timestampOffset: segment });
  };
  const add = (atMs: number, ticks: number, end: boolean): void => {
    for (; ticks - segment > MAX_DURATION; segment += MAX_DURATION) push(atMs, MAX_DURATION, false);
    push(atMs, ticks - segment, end);
  };
  for (let atMs = intervalMs; atMs < durationMs; atMs += intervalMs) add(atMs, Math.round((atMs * clockRate) / 1000), false);
  for (let i = 0; i < END_PACKETS; i++) add(durationMs, total, true);
  return packets;
}
