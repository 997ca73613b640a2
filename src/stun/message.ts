import { readU16, readU32 } from '../core/bytes.ts';
import { decodeUtf8, type TransportAddress } from '../core/index.ts';
import { readAddress, readError, readU64, type StunError } from './attributes.ts';
import { HEADER_BYTES, MAX_UNKNOWN_ATTRIBUTES, StunAttribute as A, type StunClass } from './constants.ts';

const KNOWN: ReadonlySet<number> = new Set(Object.values(A));

/** Where things are in a message. Filled by the decoder. */
export interface StunLayout {
  /** Where the attributes end that are seen: at the integrity, at FINGERPRINT, or with the message. */
  readonly attributesEnd: number;
  /** Where the value of MESSAGE-INTEGRITY begins; -1 when there is none. */
  readonly integrityAt: number;
  /** Likewise for MESSAGE-INTEGRITY-SHA256. */
  readonly integritySha256At: number;
  readonly hasFingerprint: boolean;
}

/**
 * A decoded message: a view of the datagram. All known attributes were checked, so
 * reading them cannot fail. Nothing in it is authenticated until `verifyIntegrity` says so; attributes that follow the
 * integrity are not seen at all (RFC 8489 14.5).
 */
export class StunMessage {
  readonly bytes: Uint8Array;
  readonly class: StunClass;
  /** 12 bits; 1 is Binding. */
  readonly method: number;
  readonly layout: StunLayout;

  constructor(bytes: Uint8Array, messageClass: StunClass, method: number, layout: StunLayout) {
    this.bytes = bytes;
    this.class = messageClass;
    this.method = method;
    this.layout = layout;
  }

  /** The 12 bytes that tie a response to its request, as a view. */
  get transactionId(): Uint8Array {
    return this.bytes.subarray(8, HEADER_BYTES);
  }

  /** The types of the attributes that are seen, in order. */
  get types(): readonly number[] {
    const types: number[] = [];
    for (let at = HEADER_BYTES; at < this.layout.attributesEnd; at = this.#behind(at)) types.push(readU16(this.bytes, at));
    return types;
  }

  has(type: number): boolean {
    return this.#find(type) >= 0;
  }

  /** The value of an attribute as a view, without its padding. */
  value(type: number): Uint8Array | undefined {
    const at = this.#find(type);
    return at < 0 ? undefined : this.bytes.subarray(at, at + this.#size(at));
  }

  /** A four-byte attribute, as PRIORITY. */
  u32(type: number): number | undefined {
    const at = this.#find(type);
    return at < 0 || this.#size(at) !== 4 ? undefined : readU32(this.bytes, at);
  }

  /** An eight-byte attribute, as ICE-CONTROLLING. */
  u64(type: number): bigint | undefined {
    const at = this.#find(type);
    return at < 0 || this.#size(at) !== 8 ? undefined : readU64(this.bytes, at);
  }

  /** A text attribute, as REALM; `undefined` also when it is not UTF-8. */
  text(type: number): string | undefined {
    const value = this.value(type);
    return value === undefined ? undefined : decodeUtf8(value);
  }

  /** XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS of a server that knows no better (RFC 8489 14.1). */
  get mappedAddress(): TransportAddress | undefined {
    return this.#address(A.xorMappedAddress, true) ?? this.#address(A.mappedAddress, false);
  }

  /** Whether there is a {@link mappedAddress}. */
  get hasMappedAddress(): boolean {
    return this.has(A.xorMappedAddress) || this.has(A.mappedAddress);
  }

  /** ALTERNATE-SERVER (RFC 8489 14.15). */
  get alternateServer(): TransportAddress | undefined {
    return this.#address(A.alternateServer, false);
  }

  /** ERROR-CODE. */
  get error(): StunError | undefined {
    const at = this.#find(A.errorCode);
    return at < 0 ? undefined : readError(this.bytes, at, this.#size(at));
  }

  /** The types that UNKNOWN-ATTRIBUTES lists, at most 16. */
  get unknownAttributes(): readonly number[] {
    const value = this.value(A.unknownAttributes);
    const types: number[] = [];
    for (let i = 0; value && i + 1 < value.length && types.length < MAX_UNKNOWN_ATTRIBUTES; i += 2) types.push(readU16(value, i));
    return types;
  }

  /** The identifiers that PASSWORD-ALGORITHMS lists, in order (RFC 8489 14.11). */
  get passwordAlgorithms(): readonly number[] {
    const value = this.value(A.passwordAlgorithms);
    const algorithms: number[] = [];
    for (let i = 0; value && i + 3 < value.length; i += 4 + ((readU16(value, i + 2) + 3) & ~3)) algorithms.push(readU16(value, i));
    return algorithms;
  }

  /**
   * The types of attributes that must be understood and are not, each once and at most 16: what a 420 response lists
   * (RFC 8489 6.3.1). `known` adds what a usage understands, as TURN does.
   */
  unknownRequired(known?: ReadonlySet<number>): readonly number[] {
    const unknown: number[] = [];
    for (let at = HEADER_BYTES; at < this.layout.attributesEnd; at = this.#behind(at)) {
      const type = readU16(this.bytes, at);
      if (type >= 0x8000 || KNOWN.has(type) || known?.has(type) || unknown.includes(type)) continue;
      unknown.push(type);
      if (unknown.length === MAX_UNKNOWN_ATTRIBUTES) break;
    }
    return unknown;
  }

  #address(type: number, xor: boolean): TransportAddress | undefined {
    const at = this.#find(type);
    return at < 0 ? undefined : readAddress(this.bytes, at, this.#size(at), xor);
  }

  /** Where the value of the first attribute of a type begins (RFC 8489 14), or -1. A message has few, and a list of them would be garbage. */
  #find(type: number): number {
    const { bytes } = this;
    const { attributesEnd } = this.layout;
    let at = HEADER_BYTES;
    // Written out: in the first connections of a process a call for each attribute takes longer than all the rest.
    while (at < attributesEnd) {
      if (((bytes[at] as number) << 8) + (bytes[at + 1] as number) === type) return at + 4;
      at += 4 + ((((bytes[at + 2] as number) << 8) + (bytes[at + 3] as number) + 3) & ~3);
    }
    return -1;
  }

  /** Where the attribute at `at` ends, with its padding. */
  #behind(at: number): number {
    return at + 4 + ((this.#size(at + 4) + 3) & ~3);
  }

  #size(valueAt: number): number {
    return readU16(this.bytes, valueAt - 2);
  }
}
