import { RtcError } from '../core/index.ts';
import {
  MAX_REPLAY_WINDOW,
  MAX_RTCP_PACKETS,
  MAX_SEND_STREAMS,
  MAX_UNDECLARED_STREAMS,
  MIN_REPLAY_WINDOW,
  RTCP_REPLAY_WINDOW,
  RTP_REPLAY_WINDOW,
} from './constants.ts';
import { profileParameters } from './profiles.ts';

/** What an SRTP session is made with (RFC 3711, RFC 7714). */
export interface SrtpConfig {
  /** A value of {@link SrtpProfile}, as DTLS negotiates it. */
  readonly profile: number;
  /** Master key and salt of what this side sends. The session copies what it needs; overwriting them is up to the caller. */
  readonly localKey: Uint8Array;
  readonly localSalt: Uint8Array;
  /** Master key and salt of what the peer sends. */
  readonly remoteKey: Uint8Array;
  readonly remoteSalt: Uint8Array;
  /** Replay window of SRTP in packets, a power of two between 64 and 16,384; also how far back what is sent may be out of order. Default 1024. */
  readonly rtpReplayWindow?: number;
  /** Replay window of SRTCP in packets, as above. Default 128. */
  readonly rtcpReplayWindow?: number;
  /** Streams that the peer may send without {@link SrtpSession.declareRemote}; beyond, the one longest unused is forgotten. Default 256. */
  readonly maxUndeclaredStreams?: number;
  /** SSRCs that may ever send in this session, retired ones included. Default 4096. */
  readonly maxSendStreams?: number;
  /** SRTCP packets that may be sent. Default and upper bound 2^31 − 1. */
  readonly maxRtcpPackets?: number;
  /** Whether CSRCs and header extensions are encrypted (RFC 9335). Packets without that are still accepted. Default false. */
  readonly cryptex?: boolean;
  /** Ids of the header extension elements that are encrypted, in both directions (RFC 6904). Not together with `cryptex`. Default none. */
  readonly encryptedExtensionIds?: readonly number[];
}

/** A configuration with its defaults filled in. */
export type ResolvedSrtpConfig = Required<SrtpConfig>;

/** Fills in the defaults. Throws `ERR_INVALID_ARGUMENT` for a value out of range, `ERR_NOT_SUPPORTED` for an unknown profile. */
export function resolveConfig(config: SrtpConfig): ResolvedSrtpConfig {
  const { keyBytes, saltBytes } = profileParameters(config.profile);
  checkLength('localKey', config.localKey, keyBytes);
  checkLength('remoteKey', config.remoteKey, keyBytes);
  checkLength('localSalt', config.localSalt, saltBytes);
  checkLength('remoteSalt', config.remoteSalt, saltBytes);
  const resolved: ResolvedSrtpConfig = {
    // One by one: copies with fields added would each have a shape of their own in the engine.
    profile: config.profile,
    localKey: config.localKey,
    localSalt: config.localSalt,
    remoteKey: config.remoteKey,
    remoteSalt: config.remoteSalt,
    rtpReplayWindow: checkWindow('rtpReplayWindow', config.rtpReplayWindow ?? RTP_REPLAY_WINDOW),
    rtcpReplayWindow: checkWindow('rtcpReplayWindow', config.rtcpReplayWindow ?? RTCP_REPLAY_WINDOW),
    maxUndeclaredStreams: between('maxUndeclaredStreams', config.maxUndeclaredStreams ?? MAX_UNDECLARED_STREAMS, 1, 65_536),
    maxSendStreams: between('maxSendStreams', config.maxSendStreams ?? MAX_SEND_STREAMS, 1, 65_536),
    maxRtcpPackets: between('maxRtcpPackets', config.maxRtcpPackets ?? MAX_RTCP_PACKETS, 0, MAX_RTCP_PACKETS),
    cryptex: config.cryptex ?? false,
    encryptedExtensionIds: config.encryptedExtensionIds ?? [],
  };
  for (const id of resolved.encryptedExtensionIds) between('an id of encryptedExtensionIds', id, 1, 255);
  if (resolved.cryptex && resolved.encryptedExtensionIds.length > 0) {
    throw new RtcError('ERR_INVALID_ARGUMENT', 'Cryptex leaves no header extension to encrypt');
  }
  return resolved;
}

function checkLength(name: string, value: Uint8Array, length: number): void {
  if (value.length !== length) throw new RtcError('ERR_INVALID_ARGUMENT', `${name} has ${value.length} bytes, not ${length}`);
}

function checkWindow(name: string, value: number): number {
  between(name, value, MIN_REPLAY_WINDOW, MAX_REPLAY_WINDOW);
  if ((value & (value - 1)) !== 0) throw new RtcError('ERR_INVALID_ARGUMENT', `${name} must be a power of two`);
  return value;
}

function between(name: string, value: number, least: number, most: number): number {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new RtcError('ERR_INVALID_ARGUMENT', `${name} must be a whole number between ${least} and ${most}`);
  }
  return value;
}
