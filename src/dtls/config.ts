import { type AeadName, type GroupName, RtcError, SharedSettings } from '../core/index.ts';
import type { Certificate } from './certificate.ts';
import {
  DEFAULT_MTU_BYTES,
  HANDSHAKE_TIMEOUT_MS,
  INITIAL_RTO_MS,
  MAX_FORGED_RECORDS,
  MAX_RECORD_SEQUENCE,
  MAX_RTO_MS,
  MAX_WARNING_ALERTS,
  MIN_MTU_BYTES,
  RANDOM_BYTES,
} from './constants.ts';
import type { Fingerprint } from './fingerprint.ts';
import { DEFAULT_SRTP_PROFILES, srtpProfileSizes } from './srtp.ts';

/** What a connection is made of. Sizes are in bytes, times in milliseconds. */
export interface DtlsConfig {
  readonly role: 'client' | 'server';
  readonly certificate: Certificate;
  /**
   * What was signalled of the peer's certificate. `undefined` lets any certificate pass and is for connections that
   * authenticate the peer by other means; a WebRTC connection always gives the list, and an empty one matches nothing.
   */
  readonly remoteFingerprints: readonly Fingerprint[] | undefined;
  /** The 32 random bytes of a client's hello: with the same again it says the same hello. Default new ones. */
  readonly helloRandom?: Uint8Array;
  /** SRTP profiles in order of preference (RFC 5764 4.1.2). Default 7, 8, 1; empty: use_srtp is not negotiated. */
  readonly srtpProfiles?: readonly number[];
  /** Fail when no SRTP profile is agreed on. Default false, which suits a connection for data only. */
  readonly srtpRequired?: boolean;
  /** Ciphers in order of preference. Default: those of the provider in its order. */
  readonly aeads?: readonly AeadName[];
  /** Groups in order of preference. Default: those of the provider in its order. */
  readonly groups?: readonly GroupName[];
  /** Largest datagram of the handshake, in bytes; at least 100. Default 1200. */
  readonly mtuBytes?: number;
  /** After this time without completion the handshake fails. Default 30,000 ms. */
  readonly handshakeTimeoutMs?: number;
  /** First retransmission of a flight. Default 50 ms. */
  readonly initialRtoMs?: number;
  /** Upper bound of the doubling. Default 3,000 ms. */
  readonly maxRtoMs?: number;
  /**
   * Whether a server answers a hello only when it carries a cookie (RFC 6347 4.2.1). Default `off`: inside ICE the
   * peer's address is proven already. With `required`, `addressToken` and `cookieSecret` must be given.
   */
  readonly cookie?: 'off' | 'required';
  /** Bytes that stand for the peer's address. */
  readonly addressToken?: Uint8Array;
  /** At least 32 random bytes that all connections of a listener share. */
  readonly cookieSecret?: Uint8Array;
  /** Records that may fail to authenticate. Default 2^36. */
  readonly maxForgedRecords?: number;
  /** Records that are sealed before the connection ends, since DTLS 1.2 has no way to new keys. Default 2^48 - 1, when the numbers end. */
  readonly maxSealedRecords?: number;
  /** Warning alerts that are tolerated. Default 4. */
  readonly maxWarningAlerts?: number;
}

/** What bounds a connection once it is up. */
export type DtlsLimits = Required<Pick<DtlsConfig, LimitField>>;

/** A configuration with its defaults filled in. */
export type ResolvedConfig = Required<Omit<DtlsConfig, OptionalField | LimitField>> & {
  readonly [K in OptionalField]: DtlsConfig[K] | undefined;
} & {
  /** The rest is needed for the handshake only. */
  readonly limits: DtlsLimits;
};

type LimitField = 'maxForgedRecords' | 'maxSealedRecords' | 'maxWarningAlerts';

type OptionalField = 'helloRandom' | 'aeads' | 'groups' | 'addressToken' | 'cookieSecret';

const MIN_COOKIE_SECRET_BYTES = 32;

/** Fills in the defaults. Throws `ERR_INVALID_ARGUMENT` for a value out of range, `ERR_NOT_SUPPORTED` for an unknown SRTP profile. */
export function resolveConfig(config: DtlsConfig): ResolvedConfig {
  // Written out: a copy that fields are added to would have a shape of its own in the engine, and so would all that reads it.
  const resolved: ResolvedConfig = {
    role: config.role,
    certificate: config.certificate,
    remoteFingerprints: config.remoteFingerprints,
    helloRandom: config.helloRandom,
    aeads: config.aeads,
    groups: config.groups,
    addressToken: config.addressToken,
    cookieSecret: config.cookieSecret,
    srtpProfiles: config.srtpProfiles ?? DEFAULT_SRTP_PROFILES,
    srtpRequired: config.srtpRequired ?? false,
    mtuBytes: checkMtu(config.mtuBytes ?? DEFAULT_MTU_BYTES),
    handshakeTimeoutMs: atLeast('handshakeTimeoutMs', config.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS, 1),
    initialRtoMs: atLeast('initialRtoMs', config.initialRtoMs ?? INITIAL_RTO_MS, 1),
    maxRtoMs: atLeast('maxRtoMs', config.maxRtoMs ?? MAX_RTO_MS, 1),
    cookie: config.cookie ?? 'off',
    limits: limitsOf(config),
  };
  resolved.srtpProfiles.forEach(srtpProfileSizes);
  if (resolved.srtpRequired && resolved.srtpProfiles.length === 0) throw new RtcError('ERR_INVALID_ARGUMENT', 'SRTP is required but no profile is given');
  if (resolved.helloRandom !== undefined && resolved.helloRandom.length !== RANDOM_BYTES) throw new RtcError('ERR_INVALID_ARGUMENT', `a hello has ${RANDOM_BYTES} random bytes`);
  if (resolved.cookie === 'required') {
    if (config.role !== 'server') throw new RtcError('ERR_INVALID_ARGUMENT', 'only a server asks for cookies');
    if (config.addressToken === undefined || (config.cookieSecret?.length ?? 0) < MIN_COOKIE_SECRET_BYTES)
      throw new RtcError('ERR_INVALID_ARGUMENT', 'cookies need an address token and a secret of at least 32 bytes');
  }
  return resolved;
}

function limitsOf(config: DtlsConfig): DtlsLimits {
  return shared.share({
    maxForgedRecords: atLeast('maxForgedRecords', config.maxForgedRecords ?? MAX_FORGED_RECORDS, 1),
    maxSealedRecords: Math.min(atLeast('maxSealedRecords', config.maxSealedRecords ?? MAX_RECORD_SEQUENCE, 2), MAX_RECORD_SEQUENCE),
    maxWarningAlerts: atLeast('maxWarningAlerts', config.maxWarningAlerts ?? MAX_WARNING_ALERTS, 0),
  });
}

const shared: SharedSettings<DtlsLimits> = new SharedSettings();

/** Throws `ERR_INVALID_ARGUMENT` unless the handshake can be cut to datagrams of this size. */
export function checkMtu(mtuBytes: number): number {
  const mtu = Math.floor(atLeast('mtuBytes', mtuBytes, MIN_MTU_BYTES));
  return Math.min(mtu, 65_535);
}

function atLeast(name: string, value: number, least: number): number {
  if (!(value >= least)) throw new RtcError('ERR_INVALID_ARGUMENT', `${name} must be at least ${least}`);
  return value;
}
