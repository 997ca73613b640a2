import type { Aead, AeadSequence } from '../core/index.ts';
import { BLOCK_BYTES, checkPart, checkRange, NONCE_BYTES, TAG_BYTES } from './arguments.ts';
import { oncePerThread, type WasmMemory } from './web-assembly.ts';
import { GCM_MODULE, LAYOUT } from './wasm-gcm-module.ts';

// AES-GCM (NIST SP 800-38D) of two parts: AES by the platform, which has it in hardware and is asked for many blocks at once, and the
// rest as WebAssembly. A packet is copied into the memory of the one instance that this thread has, sealed or opened there, and copied back.

/** AES under one key (SP 800-38A 6.1): the blocks, each encrypted, are written to `target` from `at` on. */
export type BlockCipher = (blocks: Uint8Array, target: Uint8Array, at: number) => void;

interface Exports {
  readonly memory: WasmMemory;
  powers(from: number, to: number): void;
  tables(from: number, to: number, end: number): void;
  counters(packets: number, blocks: number): void;
  seal(length: number, header: number, tablesEnd: number): void;
  open(length: number, header: number, tablesEnd: number): number;
  wipe(from: number, to: number): void;
}

const { maxBlocks: MAX_BLOCKS, maxPackets: MAX_PACKETS, tableBytes: TABLE_BYTES } = LAYOUT;
/** Powers are made by as many at a time. */
const POWERS_AT_ONCE = 16;
/** Keys whose tables are kept, 24 KiB each. To make them takes about as long as to seal a packet. */
const MAX_KEYS = 128;
/** Packets of a key before its tables are made, which costs as much as some of them. */
const RARE_PACKETS = 8;
const PAGE_BYTES = 65_536;
/** The counter is in the last six bytes of a nonce. */
const COUNTER_AT = NONCE_BYTES - 6;
const NONE: Uint8Array = new Uint8Array(0);

const blocksOf = (bytes: number): number => (bytes + BLOCK_BYTES - 1) >>> 4;

/** The instance of this thread and views of its memory. */
class Engine {
  readonly exports: Exports;
  bytes: Uint8Array;
  /** Whose tables are in the memory, by place. */
  readonly #keys: (GcmKey | undefined)[] = [];
  #chance = 1;
  /** The last view of a result: packets that follow each other are often of one length. */
  #view: Uint8Array = NONE;

  constructor(exports: Exports) {
    this.exports = exports;
    this.bytes = new Uint8Array(exports.memory.buffer);
    this.bytes.fill(0xff, LAYOUT.masks, LAYOUT.masks + BLOCK_BYTES);
  }

  /** Counter blocks of the packets whose nonces are there; a view that holds until the next call. */
  counters(packets: number, blocks: number): Uint8Array {
    this.exports.counters(packets, blocks);
    return this.bytes.subarray(LAYOUT.counters, LAYOUT.counters + packets * blocks * BLOCK_BYTES);
  }

  /** Puts a text and what stands behind it, up to `end`, where the module wants it, and the header in front of it. */
  load(aad: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    const { bytes } = this;
    // Where a header of this length stands before the text, as in SRTP, a copy of the whole packet spares a view of a part, which is garbage.
    const isWhole = start === aad.length && buffer.length <= end + TAG_BYTES;
    if (isWhole) bytes.set(buffer, LAYOUT.text - start);
    else bytes.set(buffer.subarray(start, end), LAYOUT.text);
    for (let i = 0, at = LAYOUT.text - aad.length; i < aad.length; i++) bytes[at + i] = aad[i] as number;
  }

  /** A view of the text, which holds until the next call. */
  text(length: number): Uint8Array {
    if (this.#view.length !== length) this.#view = this.bytes.subarray(LAYOUT.text, LAYOUT.text + length);
    return this.#view;
  }

  wipeText(length: number): void {
    this.exports.wipe(LAYOUT.text, LAYOUT.text + length);
  }

  /** Overwrites what is here of a key. */
  forget(key: GcmKey): void {
    if (key.place < 0) return;
    const tables = LAYOUT.tables + key.place * TABLE_BYTES;
    this.exports.wipe(tables, tables + TABLE_BYTES);
    this.#keys[key.place] = undefined;
    key.place = -1;
    key.tables = 0;
  }

  /** Puts the tables of a key in place for so many bytes of header and text, and returns where they end. */
  tablesOf(key: GcmKey, aadBytes: number, textBytes: number): number {
    const blocks = blocksOf(aadBytes) + blocksOf(textBytes) + 1;
    if (key.place < 0) this.#settle(key);
    const end = LAYOUT.tables + (key.place + 1) * TABLE_BYTES;
    if (key.tables < blocks) {
      this.bytes.set(key.powers, LAYOUT.powers);
      if (key.powersKnown < blocks) {
        const known = Math.min(MAX_BLOCKS, Math.ceil(blocks / POWERS_AT_ONCE) * POWERS_AT_ONCE);
        this.exports.powers(key.powersKnown, known);
        key.powers.set(this.bytes.subarray(LAYOUT.powers, LAYOUT.powers + key.powers.length));
        key.powersKnown = known;
      }
      this.exports.tables(key.tables, blocks, end);
      key.tables = blocks;
      this.exports.wipe(LAYOUT.powers, LAYOUT.powersEnd);
    }
    return end;
  }

  /** Gives a key a place: one that is free, a new one, or that of another key, picked blindly so that no order of keys is worse than others. */
  #settle(key: GcmKey): void {
    let place = this.#keys.indexOf(undefined);
    if (place < 0 && this.#keys.length < MAX_KEYS) place = this.#keys.length;
    if (place < 0) {
      this.#chance = (Math.imul(this.#chance, 1_664_525) + 1_013_904_223) >>> 0;
      place = (this.#chance >>> 16) % MAX_KEYS;
      this.forget(this.#keys[place] as GcmKey);
    }
    this.#reserve(LAYOUT.tables + (place + 1) * TABLE_BYTES);
    this.#keys[place] = key;
    key.place = place;
  }

  #reserve(size: number): void {
    if (size <= this.bytes.length) return;
    this.exports.memory.grow(Math.ceil((size - this.bytes.length) / PAGE_BYTES));
    this.bytes = new Uint8Array(this.exports.memory.buffer);
    this.#view = NONE;
  }
}

const engine: () => Engine | undefined = oncePerThread<Exports, Engine>(GCM_MODULE, (exports) => new Engine(exports));

/** What is kept of a key: the cipher, and the powers of H = AES(0) that were needed so far, the highest first. */
class GcmKey {
  readonly encrypt: BlockCipher;
  readonly powers: Uint8Array = new Uint8Array(MAX_BLOCKS * BLOCK_BYTES);
  powersKnown: number = 1;
  /** Where the engine has its tables, or −1, and of how many powers. */
  place: number = -1;
  tables: number = 0;

  constructor(encrypt: BlockCipher) {
    this.encrypt = encrypt;
    encrypt(new Uint8Array(BLOCK_BYTES), this.powers, (MAX_BLOCKS - 1) * BLOCK_BYTES);
  }
}

/** Whether a packet is short enough for the module. */
function fits(aad: Uint8Array, textBytes: number): boolean {
  return blocksOf(aad.length) + blocksOf(textBytes) < MAX_BLOCKS;
}

/** Seals with the keystream that is in the engine. */
function sealWith(engine: Engine, key: GcmKey, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
  const length = end - start;
  const tablesEnd = engine.tablesOf(key, aad.length, length);
  engine.load(aad, buffer, start, end);
  engine.exports.seal(length, aad.length, tablesEnd);
  buffer.set(engine.text(length + TAG_BYTES), start);
}

/** Opens with the keystream that is in the engine; `end` is where the text ends and the tag begins. */
function openWith(engine: Engine, key: GcmKey, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  const tablesEnd = engine.tablesOf(key, aad.length, length);
  engine.load(aad, buffer, start, end + TAG_BYTES);
  if (engine.exports.open(length, aad.length, tablesEnd) === 0) return false;
  buffer.set(engine.text(length), start);
  engine.wipeText(length);
  return true;
}

class WasmGcm implements Aead {
  readonly #engine: Engine;
  readonly #cipher: () => BlockCipher;
  readonly #native: Aead;
  /** How many packets still come before it pays to make tables. */
  #rare: number;
  #key: GcmKey | undefined;
  #destroyed = false;
  readonly #sequences: GcmSequence[] = [];

  constructor(engine: Engine, cipher: () => BlockCipher, native: Aead, rare: number) {
    this.#engine = engine;
    this.#cipher = cipher;
    this.#native = native;
    this.#rare = rare;
  }

  /** The key, once there were packets enough; a destroyed cipher has none. */
  get key(): GcmKey | undefined {
    if (this.#key !== undefined || this.#destroyed || this.#rare-- > 0) return this.#key;
    return (this.#key = new GcmKey(this.#cipher()));
  }

  seal(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkRange(nonce, buffer, start, end, end + TAG_BYTES);
    const key = fits(aad, end - start) ? this.key : undefined;
    if (key === undefined) return this.#native.seal(nonce, aad, buffer, start, end);
    this.#keystream(key, nonce, end - start);
    sealWith(this.#engine, key, aad, buffer, start, end);
  }

  open(nonce: Uint8Array, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
    checkRange(nonce, buffer, start, end, end);
    const length = end - start - TAG_BYTES;
    if (length < 0) return false;
    const key = fits(aad, length) ? this.key : undefined;
    if (key === undefined) return this.#native.open(nonce, aad, buffer, start, end);
    this.#keystream(key, nonce, length);
    return openWith(this.#engine, key, aad, buffer, start, end - TAG_BYTES);
  }

  sequence(nonce: Uint8Array): AeadSequence {
    checkRange(nonce, nonce, 0, 0, 0);
    const sequence = new GcmSequence(this.#engine, nonce, this);
    this.#sequences.push(sequence);
    return sequence;
  }

  destroy(): void {
    this.#destroyed = true;
    this.#native.destroy?.();
    for (const sequence of this.#sequences) sequence.destroy();
    if (this.#key === undefined) return;
    this.#engine.forget(this.#key);
    this.#key.powers.fill(0);
    this.#key = undefined;
  }

  /** Puts the keystream of one packet into the engine. */
  #keystream(key: GcmKey, nonce: Uint8Array, textBytes: number): void {
    const { bytes } = this.#engine;
    for (let i = 0; i < NONCE_BYTES; i++) bytes[LAYOUT.nonces + i] = nonce[i] as number;
    key.encrypt(this.#engine.counters(1, 1 + blocksOf(textBytes)), bytes, LAYOUT.keystream);
  }
}

/**
 * Packets whose counters follow each other: their keystream is made for several at once, the more the longer they do so. A packet that
 * comes out of the row has its keystream made for it alone, and one that does not hold moves nothing but the end of what is made ahead.
 */
class GcmSequence implements AeadSequence {
  readonly #engine: Engine;
  readonly #nonce: Uint8Array;
  readonly #cipher: WasmGcm;
  /** Since there is keystream. */
  #key: GcmKey | undefined;
  readonly #own: Uint8Array = new Uint8Array(NONCE_BYTES);
  /** The keystream of `#count` packets from `#first` on, `#blocks` blocks for each. Written again and again: a buffer for each time would be garbage. */
  #keystream: Uint8Array = NONE;
  /** The parts of the packets, of which those that follow each other mostly have the same. */
  #parts: (Uint8Array | undefined)[] = [];
  #first = 0;
  #count = 0;
  #blocks = 0;
  /** How many packets are made next time, and how many blocks those had that were sealed or opened since the last time. */
  #ahead = 1;
  #wanted = 0;

  constructor(engine: Engine, nonce: Uint8Array, cipher: WasmGcm) {
    this.#engine = engine;
    this.#nonce = nonce.slice();
    this.#cipher = cipher;
  }

  seal(counter: number, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): void {
    checkPart(buffer, start, end, end + TAG_BYTES);
    const blocks = 1 + blocksOf(end - start);
    const key = fits(aad, end - start) ? this.#take(counter, blocks) : undefined;
    if (key !== undefined) sealWith(this.#engine, key, aad, buffer, start, end);
    else this.#cipher.seal(this.#nonceOf(counter), aad, buffer, start, end);
    this.#note(counter, blocks);
  }

  open(counter: number, aad: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
    checkPart(buffer, start, end, end);
    const length = end - start - TAG_BYTES;
    if (length < 0) return false;
    const blocks = 1 + blocksOf(length);
    const key = fits(aad, length) ? this.#take(counter, blocks) : undefined;
    const holds =
      key !== undefined
        ? openWith(this.#engine, key, aad, buffer, start, end - TAG_BYTES)
        : this.#cipher.open(this.#nonceOf(counter), aad, buffer, start, end);
    if (holds) this.#note(counter, blocks);
    return holds;
  }

  /** Overwrites the keystream that is there; what still comes is the cipher's, which has forgotten its key. */
  destroy(): void {
    this.#keystream.fill(0);
    this.#key = undefined;
    this.#count = 0;
    this.#ahead = 0;
  }

  /** Puts the keystream of a packet into the engine and returns the key, if it is one of those that are made ahead. */
  #take(counter: number, blocks: number): GcmKey | undefined {
    const end = this.#first + this.#count;
    if (counter >= end && counter < end + this.#ahead && this.#wanted > 0) this.#make(end, blocks);
    const place = counter - this.#first;
    if (place < 0 || place >= this.#count || blocks > this.#blocks) return undefined;
    this.#engine.bytes.set(blocks === this.#blocks ? (this.#parts[place] ??= this.#part(place, blocks)) : this.#part(place, blocks), LAYOUT.keystream);
    return this.#key;
  }

  #part(place: number, blocks: number): Uint8Array {
    const from = place * this.#blocks * BLOCK_BYTES;
    return this.#keystream.subarray(from, from + blocks * BLOCK_BYTES);
  }

  #make(first: number, blocks: number): void {
    const key = (this.#key ??= this.#cipher.key);
    if (key === undefined) return;
    const each = Math.max(this.#wanted, blocks);
    const count = Math.min(this.#ahead, Math.floor(LAYOUT.counterBytes / BLOCK_BYTES / each));
    const { bytes } = this.#engine;
    for (let i = 0; i < count; i++) this.#putNonce(first + i, bytes, LAYOUT.nonces + i * BLOCK_BYTES);
    const counters = this.#engine.counters(count, each);
    const isTooSmall = this.#keystream.length < counters.length;
    if (isTooSmall) {
      this.#keystream.fill(0);
      this.#keystream = new Uint8Array(counters.length);
    }
    if (isTooSmall || each !== this.#blocks) this.#parts = new Array<Uint8Array | undefined>(MAX_PACKETS).fill(undefined);
    key.encrypt(counters, this.#keystream, 0);
    this.#first = first;
    this.#count = count;
    this.#blocks = each;
    this.#wanted = blocks;
    this.#ahead = Math.min(MAX_PACKETS, 2 * count);
  }

  /** After a packet that is known to be one of the row. */
  #note(counter: number, blocks: number): void {
    if (blocks > this.#wanted && blocks <= MAX_BLOCKS) this.#wanted = blocks;
    if (counter < this.#first + this.#count) return;
    if (this.#ahead === 0) return; // destroyed
    this.#first = counter + 1;
    this.#count = 0;
    this.#ahead = 1;
  }

  #nonceOf(counter: number): Uint8Array {
    this.#putNonce(counter, this.#own, 0);
    return this.#own;
  }

  #putNonce(counter: number, target: Uint8Array, at: number): void {
    const nonce = this.#nonce;
    const high = Math.floor(counter / 2 ** 32);
    for (let i = 0; i < COUNTER_AT; i++) target[at + i] = nonce[i] as number;
    for (let i = COUNTER_AT; i < NONCE_BYTES; i++) {
      const shift = 8 * (NONCE_BYTES - 1 - i);
      target[at + i] = (nonce[i] as number) ^ (shift < 32 ? counter >>> shift : high >>> (shift - 32));
    }
  }
}

/**
 * AES-GCM by a block cipher of the platform, or `undefined` where there is no WebAssembly with vectors or none may be compiled.
 * `native` takes packets of more than 1500 bytes or so, and the first `rare` of a key, since many keys see no more; then `cipher` is called.
 */
export function createWasmGcm(cipher: () => BlockCipher, native: Aead, rare: number = RARE_PACKETS): Aead | undefined {
  const there = engine();
  return there && new WasmGcm(there, cipher, native, rare);
}
