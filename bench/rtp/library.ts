// What a library must be able to do to take part in forwarding RTP. One file beside this one for each.
import type { Signal } from '../libs/library.ts';

/** The library's own peer connection, with one section of VP8 that goes from the side that offers to the other. */
export interface RtpConnection {
  /** Resolves when packets can be sent, or can arrive. */
  readonly ready: Promise<unknown>;
  /** Takes what the other side signalled, in order. The description comes first. */
  signal(signal: Signal): Promise<void>;
  close(): Promise<void>;
}

/**
 * What a connection does besides SRTP. `default`: what the library ships with. `least`: as little as its public interface allows, at most
 * sender and receiver reports: nothing is kept to be sent again, no feedback, no header extensions, no congestion control.
 */
export type RtpFeatures = 'default' | 'least';

export interface RtpOptions {
  /** The side that offers sends. */
  readonly offers: boolean;
  readonly features: RtpFeatures;
  send(signal: Signal): void;
  /** Called with each RTP packet that arrives. */
  onRtp(): void;
}

/** What one process does: all its connections carry the same packets. */
export interface RtpLibrary {
  readonly name: string;
  connect(options: RtpOptions): Promise<RtpConnection>;
  /** Sends a packet to every connection that this side offered. The library makes SSRC and payload type its own where it can. */
  write(packet: Buffer<ArrayBuffer>): void;
}

/** Payload type and SSRC of the packets that come in. */
export const [PAYLOAD_TYPE, SSRC] = [96, 0x5a5a_0001];
