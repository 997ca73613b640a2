import { readU16, readU32 } from '../core/bytes.ts';
import { DecodeError, Writer } from '../core/index.ts';
import type { ResolvedSctpConfig } from './config.ts';
import { ChunkType, EDMID_DTLS, ParameterType } from './constants.ts';
import { encodeChunk, padded, parameterLength } from './packets.ts';

/** What INIT and INIT ACK say (RFC 9260 3.3.2, 3.3.3). */
export interface Init {
  readonly initiateTag: number;
  readonly receiveWindowBytes: number;
  readonly streamsOut: number;
  readonly streamsIn: number;
  readonly initialTsn: number;
  /** Partial reliability (RFC 3758). */
  readonly forwardTsn: boolean;
  /** Stream reset (RFC 6525). */
  readonly reconfig: boolean;
  /** The sender accepts zero checksums for the sake of DTLS (RFC 9653). */
  readonly zeroChecksum: boolean;
  /** The sender knows PAD chunks (RFC 4820), and takes whatever padded packet the path carries. */
  readonly padding?: boolean;
  /** The sender knows I-DATA, and I-FORWARD-TSN (RFC 8260). */
  readonly interleaving?: boolean;
  readonly interleavedSkips?: boolean;
  /** INIT ACK only. */
  readonly cookie?: Uint8Array | undefined;
  /** Parameters that we do not know and whose sender wants to hear so (RFC 9260 3.2.1). */
  readonly unrecognized?: readonly Uint8Array[];
}

/** Parameters to report, at most: a reply must stay smaller than what it answers. */
const MAX_UNRECOGNIZED = 8;

/** The value of an INIT or INIT ACK at `[start, end)`. Throws {@link DecodeError}. */
export function decodeInit(bytes: Uint8Array, start: number, end: number): Init {
  if (end - start < 16) throw new DecodeError('sctp.init', 'too short');
  let forwardTsn = false;
  let reconfig = false;
  let zeroChecksum = false;
  let padding = false;
  let interleaving = false;
  let interleavedSkips = false;
  let cookie: Uint8Array | undefined;
  const unrecognized: Uint8Array[] = [];
  for (let at = start + 16; at < end; ) {
    const length = parameterLength(bytes, at, end, 'sctp.init');
    const type = readU16(bytes, at);
    if (type === ParameterType.STATE_COOKIE) cookie = bytes.subarray(at + 4, at + length);
    else if (type === ParameterType.FORWARD_TSN) forwardTsn = true;
    else if (type === ParameterType.ZERO_CHECKSUM) zeroChecksum ||= length === 8 && readU32(bytes, at + 4) === EDMID_DTLS;
    else if (type === ParameterType.SUPPORTED_EXTENSIONS) {
      for (let i = at + 4; i < at + length; i++) {
        if (bytes[i] === ChunkType.RE_CONFIG) reconfig = true;
        if (bytes[i] === ChunkType.FORWARD_TSN) forwardTsn = true;
        if (bytes[i] === ChunkType.PAD) padding = true;
        if (bytes[i] === ChunkType.I_DATA) interleaving = true;
        if (bytes[i] === ChunkType.I_FORWARD_TSN) interleavedSkips = true;
      }
    } else if (!isIgnored(type)) {
      // The high bits say whether to report and whether to go on (3.2.1).
      if (type & 0x4000 && unrecognized.length < MAX_UNRECOGNIZED) unrecognized.push(bytes.slice(at, at + length));
      if ((type & 0x8000) === 0) break;
    }
    at += padded(length);
  }
  const streamsOut = readU16(bytes, start + 8);
  const streamsIn = readU16(bytes, start + 10);
  const initiateTag = readU32(bytes, start);
  if (initiateTag === 0 || streamsOut === 0 || streamsIn === 0) throw new DecodeError('sctp.init', 'zero tag or no streams'); // 3.3.2
  const receiveWindowBytes = readU32(bytes, start + 4);
  const initialTsn = readU32(bytes, start + 12);
  return { initiateTag, receiveWindowBytes, streamsOut, streamsIn, initialTsn, forwardTsn, reconfig, zeroChecksum, padding, interleaving, interleavedSkips, cookie, unrecognized };
}

/** Addresses (5, 6), unrecognized (8), cookie preservative (9), host name (11), address types (12): one path, no use for them. */
function isIgnored(type: number): boolean {
  return (type >= 5 && type <= 12) || type === 1;
}

/** What we say of ourselves. */
export function ownInit(config: ResolvedSctpConfig, initiateTag: number, initialTsn: number): Init {
  const { receiveWindowBytes, streams, zeroChecksum, interleaving } = config;
  return {
    initiateTag,
    initialTsn,
    receiveWindowBytes,
    streamsOut: streams,
    streamsIn: streams,
    forwardTsn: true,
    reconfig: true,
    zeroChecksum,
    padding: true,
    interleaving,
    interleavedSkips: interleaving,
    cookie: undefined,
    unrecognized: [],
  };
}

/** An INIT or INIT ACK chunk. */
export function encodeInit(type: typeof ChunkType.INIT | typeof ChunkType.INIT_ACK, init: Init): Uint8Array {
  const writer = new Writer(128).u32(init.initiateTag).u32(init.receiveWindowBytes).u16(init.streamsOut).u16(init.streamsIn).u32(init.initialTsn);
  if (init.cookie !== undefined) parameter(writer, ParameterType.STATE_COOKIE, init.cookie);
  const types: number[] = [];
  if (init.reconfig) types.push(ChunkType.RE_CONFIG);
  if (init.forwardTsn) types.push(ChunkType.FORWARD_TSN);
  if (init.padding === true) types.push(ChunkType.PAD);
  if (init.interleaving === true) types.push(ChunkType.I_DATA);
  if (init.interleavedSkips === true) types.push(ChunkType.I_FORWARD_TSN);
  if (types.length > 0) parameter(writer, ParameterType.SUPPORTED_EXTENSIONS, Uint8Array.from(types));
  if (init.zeroChecksum) parameter(writer, ParameterType.ZERO_CHECKSUM, Uint8Array.of(0, 0, 0, EDMID_DTLS));
  if (init.forwardTsn) parameter(writer, ParameterType.FORWARD_TSN, new Uint8Array(0));
  for (const unknown of init.unrecognized ?? []) parameter(writer, ParameterType.UNRECOGNIZED, unknown);
  return encodeChunk(type, 0, writer.finish());
}

function parameter(writer: Writer, type: number, value: Uint8Array): void {
  writer.u16(type).u16(4 + value.length).append(value).zeros(padded(value.length) - value.length);
}
