import { type CryptoProvider, type Log, RtcError } from '../core/index.ts';
import type { DataChannelInit as ChannelInit } from '../datachannel/index.ts';
import { Certificate } from '../dtls/index.ts';
import { parseIceServerUrl, type PeerConfig } from '../peer/index.ts';
import { PRIORITIES, type Priority } from './priority.ts';

/** W3C `RTCIceServer`. */
export interface IceServer {
  /** `stun:host[:port]`; several URLs of one service may share an entry. */
  readonly urls: string | readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** W3C `RTCConfiguration`. */
export interface Configuration {
  readonly iceServers?: readonly IceServer[];
  /** `relay` uses no other candidates. Default `all`. */
  readonly iceTransportPolicy?: 'all' | 'relay';
  /**
   * What a peer is offered that may not bundle (RFC 9429 4.1.1): with `max-bundle` one transport and nothing else, with `max-compat` candidates for each section from
   * the offer on, with `balanced` other transports once the answer needs them. Default `balanced`.
   */
  readonly bundlePolicy?: 'balanced' | 'max-compat' | 'max-bundle';
  readonly rtcpMuxPolicy?: 'require';
  /** By default each connection makes one of its own (ECDSA P-256, 30 days). */
  readonly certificates?: readonly Certificate[];
}

/** What the W3C API leaves to the implementation. */
export interface Settings {
  /** Default: the runtime's provider. */
  readonly crypto?: CryptoProvider;
  readonly log?: Log;
  /** The largest message that is accepted, told to the peer as `a=max-message-size`, in bytes. Default 262,144. */
  readonly maxMessageSizeBytes?: number;
  /** Bytes that the peer may send ahead of what is read here, over all channels. Default 5 MiB. */
  readonly receiveWindowBytes?: number;
  /**
   * The largest UDP payload to send, in bytes, 296 or more. When it is given, packets have this size and the path is not
   * probed. Default: 1200, until the path was found to carry more (RFC 8899).
   */
  readonly mtuBytes?: number;
  /**
   * The largest UDP payload to try on a path, in bytes, 296 or more. Default: what the interface carries without fragments
   * and a DTLS record can hold, 16,421 at most.
   */
  readonly maxMtuBytes?: number;
  /**
   * Whether descriptions bear what SCTP would otherwise ask and answer first, as `a=sctp-init` (draft-hancke-tsvwg-snap): between two ends that
   * know it data channels open two round trips sooner, to others nothing changes. Default true.
   */
  readonly sctpSnap?: boolean;
  /** How long a STUN server may take, in milliseconds. Default 5000. */
  readonly stunDeadlineMs?: number;
  /** How long DTLS may take, in milliseconds. Default 30,000. */
  readonly dtlsTimeoutMs?: number;
}

/** W3C `RTCOfferOptions`. */
export interface OfferOptions {
  /** Whether the offer starts ICE anew. */
  readonly iceRestart?: boolean;
}

/** W3C `RTCDataChannelInit`. */
export interface DataChannelInit {
  /** Default true. */
  readonly ordered?: boolean;
  /** Milliseconds, 0 to 65,535; not together with `maxRetransmits`. */
  readonly maxPacketLifeTime?: number;
  /** 0 to 65,535. */
  readonly maxRetransmits?: number;
  /** Default empty. */
  readonly protocol?: string;
  /** Whether the application agrees on the id by itself. Default false. */
  readonly negotiated?: boolean;
  /** Required when `negotiated`, ignored otherwise; 0 to 65,534. */
  readonly id?: number;
  /** How much of the connection the channel gets when others send too: each priority twice as much as the one below it. Default `low`. */
  readonly priority?: Priority;
}

const TRANSPORT_POLICIES = ['all', 'relay'];
const BUNDLE_POLICIES = ['balanced', 'max-compat', 'max-bundle'];
const RTCP_MUX_POLICIES = ['require'];
/** Settings that are whole numbers, and the least that each may be. */
const NUMBERS = [
  { name: 'maxMessageSizeBytes', least: 1 },
  { name: 'receiveWindowBytes', least: 4096 },
  { name: 'mtuBytes', least: 296 },
  { name: 'maxMtuBytes', least: 296 },
  { name: 'stunDeadlineMs', least: 1 },
  { name: 'dtlsTimeoutMs', least: 1 },
] as const;

/** Checks a configuration, and what `setConfiguration` may not change against the present one (W3C 4.4.1.6). */
export function checkConfiguration(configuration: Configuration, present?: Configuration): Configuration {
  if (typeof configuration !== 'object' || configuration === null) throw new RtcError('ERR_INVALID_ARGUMENT', 'the configuration is not an object');
  checkChoice('iceTransportPolicy', configuration.iceTransportPolicy, TRANSPORT_POLICIES);
  checkChoice('bundlePolicy', configuration.bundlePolicy, BUNDLE_POLICIES);
  checkChoice('rtcpMuxPolicy', configuration.rtcpMuxPolicy, RTCP_MUX_POLICIES);
  iceServerUrls(configuration);
  const { certificates } = configuration;
  if (certificates !== undefined && !(Array.isArray(certificates) && certificates.every((certificate) => certificate instanceof Certificate))) {
    throw new RtcError('ERR_INVALID_ARGUMENT', 'certificates is a list of Certificate');
  }
  if (present) {
    const isSameBundle = (configuration.bundlePolicy ?? 'balanced') === (present.bundlePolicy ?? 'balanced');
    const kept = present.certificates ?? [];
    const isSameCertificates = certificates === undefined || (certificates.length === kept.length && certificates.every((certificate, i) => certificate === kept[i]));
    if (!isSameBundle || !isSameCertificates) {
      throw new RtcError('ERR_INVALID_MODIFICATION', 'setConfiguration changes ICE servers and transport policy only');
    }
    return present.certificates ? { ...configuration, certificates: present.certificates } : { ...configuration };
  }
  return { ...configuration };
}

/** The peer's part of configuration and settings, and the media that goes with them. */
export function peerConfigOf(configuration: Configuration, settings: Settings, media?: Pick<PeerConfig, 'media' | 'interceptors'>): PeerConfig {
  const config: { -readonly [K in keyof PeerConfig]: PeerConfig[K] } = {
    iceServers: iceServerUrls(configuration).map((url) => parseIceServerUrl(url)),
    iceTransportPolicy: configuration.iceTransportPolicy ?? 'all',
    bundlePolicy: configuration.bundlePolicy ?? 'balanced',
    certificates: configuration.certificates ?? [],
    ...media,
  };
  for (let i = 0; i < NUMBERS.length; i++) {
    const { name, least } = NUMBERS[i] as (typeof NUMBERS)[number];
    const value = settings[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < least || value > 2 ** 31 - 1) throw new RtcError('ERR_INVALID_ARGUMENT', `settings.${name} is a whole number, ${least} or more`);
    config[name] = value;
  }
  const { sctpSnap = true } = settings;
  if (typeof sctpSnap !== 'boolean') throw new RtcError('ERR_INVALID_ARGUMENT', 'settings.sctpSnap is true or false');
  config.sctpSnap = sctpSnap;
  return config;
}

/** Checks what `createDataChannel` was given (W3C 6.1). */
export function toChannelInit(label: string, init: DataChannelInit): ChannelInit {
  if (typeof label !== 'string') throw new RtcError('ERR_INVALID_ARGUMENT', 'the label of a data channel is a string');
  if (typeof init !== 'object' || init === null) throw new RtcError('ERR_INVALID_ARGUMENT', 'the options of a data channel are an object');
  const { ordered = true, maxPacketLifeTime, maxRetransmits, protocol = '', negotiated = false, id, priority = 'low' } = init;
  if (typeof protocol !== 'string') throw new RtcError('ERR_INVALID_ARGUMENT', 'protocol is a string');
  if (maxPacketLifeTime !== undefined && maxRetransmits !== undefined) {
    throw new RtcError('ERR_INVALID_ARGUMENT', 'maxPacketLifeTime and maxRetransmits exclude each other');
  }
  checkChoice('priority', priority, Object.keys(PRIORITIES));
  checkU16('maxPacketLifeTime', maxPacketLifeTime, 65_535);
  checkU16('maxRetransmits', maxRetransmits, 65_535);
  if (negotiated) {
    if (id === undefined) throw new RtcError('ERR_INVALID_ARGUMENT', 'a negotiated channel needs an id');
    checkU16('id', id, 65_534);
  }
  return {
    label,
    protocol,
    ordered: ordered !== false,
    negotiated,
    priority: PRIORITIES[priority],
    ...(maxPacketLifeTime !== undefined && { maxPacketLifeTimeMs: maxPacketLifeTime }),
    ...(maxRetransmits !== undefined && { maxRetransmits }),
    ...(negotiated && id !== undefined && { id }),
  };
}

function iceServerUrls({ iceServers }: Configuration): readonly string[] {
  if (iceServers === undefined) return [];
  if (!Array.isArray(iceServers)) throw new RtcError('ERR_INVALID_ARGUMENT', 'iceServers is a list');
  const urls = (iceServers as readonly IceServer[]).flatMap((server) => server?.urls ?? []);
  if (!urls.every((url) => typeof url === 'string')) throw new RtcError('ERR_INVALID_ARGUMENT', 'the urls of an ICE server are strings');
  for (const url of urls) parseIceServerUrl(url);
  return urls;
}

function checkChoice(name: string, value: string | undefined, choices: readonly string[]): void {
  if (value !== undefined && !choices.includes(value)) throw new RtcError('ERR_INVALID_ARGUMENT', `${name} is one of: ${choices.join(', ')}`);
}

function checkU16(name: string, value: number | undefined, most: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= 0 && value <= most)) {
    throw new RtcError('ERR_INVALID_ARGUMENT', `${name} is a whole number from 0 to ${most}`);
  }
}
