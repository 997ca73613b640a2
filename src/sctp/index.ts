export { resolveSctpConfig, type ResolvedSctpConfig, type SctpConfig } from './config.ts';
export { ChunkType, ErrorCause } from './constants.ts';
export { crc32c } from './crc32c.ts';
export type { MessageMemory, SctpEvent, SctpFailure, SctpMessage, SctpResetResult, SctpSend, SctpState } from './events.ts';
export { messageCharge } from './in-streams.ts';
export { decodeInit, encodeInit, type Init } from './init.ts';
export { SctpAssociation } from './machine.ts';
export { PacketMemory } from './packet-memory.ts';
export {
  checkSack,
  checksumOf,
  type Chunk,
  decodeErrorCauses,
  decodeForwardTsn,
  decodeIForwardTsn,
  decodePacket,
  decodeReconfig,
  encodeChunk,
  type ForwardTsn,
  type IForwardTsn,
  type Packet,
  readChecksum,
  type ResetParam,
} from './packets.ts';
export type { PathMtuState, SctpPath } from './pmtu.ts';
export { makeInit, MAX_SIGNALLED_INIT_BYTES, readInit, type SignalledInits } from './signalled-init.ts';
export type { SctpStats } from './stats.ts';
