import { RtcError, SharedSettings } from '../core/index.ts';
import { MIN_MTU_BYTES } from './constants.ts';
import type { PacketMemory } from './packet-memory.ts';

/** Settings of an association. Every field has a default. */
export interface SctpConfig {
  /** Default 5000 (RFC 8841 5). */
  readonly localPort?: number;
  /** Default 5000. */
  readonly remotePort?: number;
  /** The largest message that is accepted, in bytes. Default 262,144. A larger one is dropped and reported as an event. */
  readonly maxMessageSizeBytes?: number;
  /** The largest message that may be sent, in bytes (`a=max-message-size` of the peer); 0 means no limit. Default 65,536 (RFC 8841 6.1). */
  readonly remoteMaxMessageSizeBytes?: number;
  /** What may lie here unread or unfinished, in bytes. Default 5 MiB. */
  readonly receiveWindowBytes?: number;
  /** What may wait to be sent, in bytes; beyond it `handleWrite` throws `ERR_RESOURCE`. Default 16 MiB. */
  readonly sendBufferBytes?: number;
  /** The largest SCTP packet, in bytes; what every path is taken to carry while `setPath` starts a search for more. Default 1200. */
  readonly mtuBytes?: number;
  /** What the search falls back to when not even `mtuBytes` arrives, in bytes. Default 508. */
  readonly minMtuBytes?: number;
  /**
   * When the search begins: `at-once`, or `when-needed`, with the first message that a packet does not hold: connections that send
   * little are spared the probes. Default `at-once`.
   */
  readonly mtuSearch?: 'at-once' | 'when-needed';
  /** Free bytes before each packet in its buffer. Default 0. */
  readonly headroomBytes?: number;
  /** Free bytes after each packet in its buffer, at least. Default 0. */
  readonly tailroomBytes?: number;
  /** Where to build packets that are sent as soon as they are polled, each before the next. Default: each gets memory of its own. */
  readonly packetMemory?: PacketMemory | undefined;
  /** Whether to offer zero checksums (RFC 9653): only where a layer below, DTLS, protects the packets. Default false. */
  readonly zeroChecksum?: boolean;
  /** Whether to offer I-DATA (RFC 8260), so that messages of several streams go out by turns, packet by packet. Default true. */
  readonly interleaving?: boolean;
  /** Streams to offer each way. Default 65,535. */
  readonly streams?: number;
  /** Whether `pollRead` opens the window again, or only `release`. Default `on-read`. */
  readonly windowRelease?: 'on-read' | 'explicit';
  /** The retransmission timer at first, at least and at most, in ms (RFC 9260 16). Defaults 500, 200 and 60,000. */
  readonly rtoInitialMs?: number;
  readonly rtoMinMs?: number;
  readonly rtoMaxMs?: number;
  /** Timeouts in a row until the association has failed. Default 10. */
  readonly maxRetransmits?: number;
  /** INITs or COOKIE ECHOs in a row until the association has failed. Default 8. */
  readonly maxInitRetransmits?: number;
  /** How long a SACK may be held back, in ms (RFC 9260 6.2). Default 200, at most 500. */
  readonly sackDelayMs?: number;
  /** How long a state cookie holds, in ms. Default 60,000. */
  readonly cookieLifeMs?: number;
  /** Silence before a HEARTBEAT is sent, in ms; 0 turns them off. Default 30,000. */
  readonly heartbeatMs?: number;
}

/** A configuration with nothing left open. */
export type ResolvedSctpConfig = { readonly [K in Exclude<keyof SctpConfig, 'packetMemory'>]-?: Exclude<SctpConfig[K], undefined> } & { readonly packetMemory: PacketMemory | undefined };

/** Fills in the defaults. Throws `RtcError` `ERR_INVALID_ARGUMENT` on values that cannot work. */
export function resolveSctpConfig(config: SctpConfig): ResolvedSctpConfig {
  // Written out, it is an object with a fixed shape; joined from two, it would be a table of four times the size.
  const resolved: ResolvedSctpConfig = {
    localPort: config.localPort ?? 5000,
    remotePort: config.remotePort ?? 5000,
    maxMessageSizeBytes: config.maxMessageSizeBytes ?? 262_144,
    remoteMaxMessageSizeBytes: config.remoteMaxMessageSizeBytes ?? 65_536,
    receiveWindowBytes: config.receiveWindowBytes ?? 5 * 1024 * 1024,
    sendBufferBytes: config.sendBufferBytes ?? 16 * 1024 * 1024,
    mtuBytes: config.mtuBytes ?? 1200,
    minMtuBytes: config.minMtuBytes ?? MIN_MTU_BYTES,
    mtuSearch: config.mtuSearch ?? 'at-once',
    headroomBytes: config.headroomBytes ?? 0,
    tailroomBytes: config.tailroomBytes ?? 0,
    packetMemory: config.packetMemory,
    zeroChecksum: config.zeroChecksum ?? false,
    interleaving: config.interleaving ?? true,
    streams: config.streams ?? 65_535,
    windowRelease: config.windowRelease ?? 'on-read',
    rtoInitialMs: config.rtoInitialMs ?? 500,
    rtoMinMs: config.rtoMinMs ?? 200,
    rtoMaxMs: config.rtoMaxMs ?? 60_000,
    maxRetransmits: config.maxRetransmits ?? 10,
    maxInitRetransmits: config.maxInitRetransmits ?? 8,
    sackDelayMs: config.sackDelayMs ?? 200,
    cookieLifeMs: config.cookieLifeMs ?? 60_000,
    heartbeatMs: config.heartbeatMs ?? 30_000,
  };
  if (!(resolved.localPort >= 1 && resolved.localPort <= 65_535)) refuse('localPort');
  if (!(resolved.remotePort >= 1 && resolved.remotePort <= 65_535)) refuse('remotePort');
  if (!(resolved.mtuBytes >= 128 && resolved.mtuBytes <= 65_535)) refuse('mtuBytes');
  if (!(resolved.minMtuBytes >= 128)) refuse('minMtuBytes');
  if (!(resolved.receiveWindowBytes >= 1500 && resolved.receiveWindowBytes <= 0x7fff_ffff)) refuse('receiveWindowBytes'); // 5.3: at least 1500
  if (!(resolved.streams >= 1 && resolved.streams <= 65_535)) refuse('streams');
  if (!(resolved.sackDelayMs >= 0 && resolved.sackDelayMs <= 500)) refuse('sackDelayMs');
  if (!(resolved.rtoMinMs > 0 && resolved.rtoMinMs <= resolved.rtoMaxMs)) refuse('rtoMinMs');
  return shared.share(resolved);
}

const shared: SharedSettings<ResolvedSctpConfig> = new SharedSettings();

function refuse(field: string): never {
  throw new RtcError('ERR_INVALID_ARGUMENT', `SCTP: ${field} is out of range`);
}
