export type { StunError } from './attributes.ts';
export { StunBuilder } from './builder.ts';
export {
  INITIAL_RTO_MS,
  MAGIC_COOKIE,
  MAX_TRANSACTIONS,
  StunAttribute,
  StunClass,
  StunErrorCode,
  StunMethod,
  StunPasswordAlgorithm,
} from './constants.ts';
export { crc32 } from './crc32.ts';
export { type IntegrityAlgorithm, IntegrityKey, longTermKey, shortTermKey, userHash, verifyIntegrity } from './integrity.ts';
export { type StunLayout, StunMessage } from './message.ts';
export { decodeStun, encodeStun, isStun, type StunEncodeOptions, type StunMessageInit } from './packets.ts';
export { StunTransaction, StunTransactions, type TransactionSchedule } from './transaction.ts';
