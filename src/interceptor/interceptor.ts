import type { Counters, Deadline, Environment, Instant } from '../core/index.ts';
import type { RtcpPacket } from '../rtcp/index.ts';
import type { InterceptorEvent } from './events.ts';
import type { IncomingPacket, OutgoingPacket } from './packet.ts';
import type { LocalStream, RemoteStream } from './stream.ts';

/** What every interceptor of a connection is made with. */
export interface InterceptorContext {
  readonly environment: Environment;
  /** The SSRC that RTCP of this end bears when it speaks for no stream of its own. */
  readonly rtcpSsrc: number;
  /** The canonical name of this end (RFC 7022). */
  readonly cname: string;
  /** Counts of the whole chain: what an interceptor drops has a name here, as in `interceptor.nack.unknown`. */
  readonly counters: Counters;
  /** What an interceptor calls that has {@link Interceptor.wakes}. */
  readonly wake?: (() => void) | undefined;
}

/**
 * One link of the chain that every RTP and RTCP packet passes. All of its methods are optional; it keeps its own queues, and
 * the chain polls them. It never calls out, and time is an argument.
 *
 * A packet that `readRtp` or `writeRtp` returns goes on at once. One that it does not return is held or dropped (and counted by it);
 * held and new ones leave through `pollReadRtp` and `pollWriteRtp` and go on from this interceptor's place.
 */
export interface Interceptor {
  readonly name: string;
  /**
   * Says that its `writeRtp` leaves the bytes of payloads alone, or takes `sharedPayload` off the packets where it does not. Behind any other
   * interceptor the chain takes it off, so that nothing outdated is sent again.
   */
  readonly keepsPayload?: true;
  /**
   * Says that it calls `wake()` of its context whenever an RTP packet, read or written, leaves it with something to be polled, or with an
   * earlier deadline than before. Where all interceptors say so, or have nothing to poll, most packets and turns pass without a look at each.
   */
  readonly wakes?: true;

  /** A stream begins, or goes on after a pause: then it is the same object, and its numbers must go on as well (RFC 3711 9.1). */
  bindLocal?(stream: LocalStream, now: Instant): void;
  /** What was agreed upon about a bound stream changed: its codecs, extensions or streams of repair. */
  updateLocal?(stream: LocalStream, now: Instant): void;
  unbindLocal?(stream: LocalStream, now: Instant): void;
  bindRemote?(stream: RemoteStream, now: Instant): void;
  updateRemote?(stream: RemoteStream, now: Instant): void;
  unbindRemote?(stream: RemoteStream, now: Instant): void;

  /** A packet from the wire. */
  readRtp?(packet: IncomingPacket, now: Instant): IncomingPacket | undefined;
  pollReadRtp?(): IncomingPacket | undefined;
  /** A packet towards the wire. */
  writeRtp?(packet: OutgoingPacket, now: Instant): OutgoingPacket | undefined;
  pollWriteRtp?(): OutgoingPacket | undefined;

  /** One packet of a compound RTCP packet from the wire; all interceptors and then the application see it. */
  readRtcp?(packet: RtcpPacket, now: Instant): void;
  /** One packet of a compound RTCP packet towards the wire, of the application or of an interceptor further away. */
  writeRtcp?(packet: RtcpPacket, now: Instant): void;
  /** RTCP of its own; the chain puts what is ready at one time into compound packets. */
  pollRtcp?(): RtcpPacket | undefined;

  /** What another interceptor, or the connection, tells all. One's own events do not come back. */
  handleEvent?(event: InterceptorEvent, now: Instant): void;
  pollEvent?(): InterceptorEvent | undefined;

  /**
   * Does what is due, if anything is. Where all interceptors say that they {@link Interceptor.wakes}, and those with this method tell deadlines,
   * it is called when the first of these has come.
   */
  handleTimeout?(now: Instant): void;
  pollTimeout?(): Deadline | undefined;
  /** Lets go of packets; nothing is polled afterwards. */
  close?(): void;
}

/** Makes an interceptor for each connection. */
export interface InterceptorFactory {
  readonly name: string;
  /** Its place: one of {@link Slot}, or a number between. */
  readonly slot: number;
  /** Whether it must be the only one in its slot, as a pacer. Default false. */
  readonly exclusive?: boolean;
  create(context: InterceptorContext, now: Instant): Interceptor;
}
