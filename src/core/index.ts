export {
  type AddressFamily,
  type AddressScope,
  addressFromBytes,
  addressToBytes,
  canonicalAddress,
  type Datagram,
  familyOf,
  formatAddress,
  sameAddress,
  scopeOf,
  type TransportAddress,
} from './address.ts';
export { concat, EMPTY, equalBytes, fromBase64, fromHex, Reader, toBase64, toHex, Writer } from './bytes.ts';
export { Counters } from './counters.ts';
export type {
  Aead,
  AeadName,
  AeadSequence,
  CryptoProvider,
  Ctr,
  GroupName,
  Hasher,
  HashName,
  Hmac,
  KeyAgreement,
  RandomSource,
  SignatureScheme,
  SigningKey,
  SigningKeyKind,
} from './crypto.ts';
export { type Environment, type Log, type LogLevel, randomBytes, randomU32 } from './environment.ts';
export { DecodeError, type ErrorCode, RtcError } from './errors.ts';
export { FLOAT_ZERO } from './float.ts';
export {
  compactDuration,
  compactNtp,
  msFromCompactDuration,
  NTP_UNIX_OFFSET_SECONDS,
  ntpFromUnixMs,
  type NtpTime,
  unixMsFromNtp,
} from './ntp.ts';
export type { Deadline, Instant, Protocol } from './protocol.ts';
export { Queue } from './queue.ts';
export { SharedSettings } from './shared.ts';
export { SparseMap, SparseQueue, SparseSet } from './sparse.ts';
export { add16, add32, after16, after32, distance16, distance32 } from './serial.ts';
export { decodeUtf8, decodeUtf8Lenient, encodeUtf8 } from './text.ts';
export { earlier, TimerTable } from './timers.ts';
