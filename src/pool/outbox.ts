import { FIRST_SLAB_BYTES, LARGEST_SLAB_BYTES, LEAST_OWN_BUFFER_BYTES } from './constants.ts';
import { type Batch, ENTRY, ENTRY_WORDS } from './packets.ts';

const FIRST_ENTRIES = 16;

/** Where batches go: a worker, or the port of one. */
export interface BatchPort {
  postMessage(batch: unknown, transfer: readonly ArrayBuffer[]): void;
}

/**
 * Collects what goes to the other thread in a turn of the event loop, and sends it at once. Long messages go in their own
 * buffers, which are handed over; short ones are put side by side, since handing a buffer over costs more than copying them.
 */
export class Outbox<Note> {
  readonly #port: BatchPort;
  /** Called before a batch leaves, to add what is only known then. */
  readonly #onPost: () => void;
  #entries: Uint32Array = new Uint32Array(FIRST_ENTRIES * ENTRY_WORDS);
  #used = 0;
  #notes: Note[] = [];
  #buffers: ArrayBuffer[] = [];
  #slab: Uint8Array | undefined;
  #slabIndex = 0;
  #slabUsed = 0;
  #nextSlabBytes = FIRST_SLAB_BYTES;
  #isScheduled = false;

  constructor(port: BatchPort, onPost: () => void = () => {}) {
    this.#port = port;
    this.#onPost = onPost;
  }

  note(note: Note): void {
    this.#entry(ENTRY.NOTE, 0, 0, this.#notes.length, 0, 0);
    this.#notes.push(note);
  }

  amount(connection: number, channel: number, bytes: number): void {
    this.#entry(ENTRY.AMOUNT, connection, channel, bytes, 0, 0);
  }

  /** A message, whose bytes are ours: where it is long and alone in its buffer, that is not the caller's any more. */
  message(connection: number, channel: number, isBinary: boolean, bytes: Uint8Array): void {
    const kind = isBinary ? ENTRY.BINARY : ENTRY.TEXT;
    const { length } = bytes;
    if (length >= LEAST_OWN_BUFFER_BYTES) {
      const isAlone = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
      this.#buffers.push((isAlone ? bytes.buffer : bytes.slice().buffer) as ArrayBuffer);
      return this.#entry(kind, connection, channel, this.#buffers.length - 1, 0, length);
    }
    if (this.#slab === undefined || this.#slabUsed + length > this.#slab.length) this.#addSlab(length);
    (this.#slab as Uint8Array).set(bytes, this.#slabUsed);
    this.#entry(kind, connection, channel, this.#slabIndex, this.#slabUsed, length);
    this.#slabUsed += length;
  }

  /** Asks for {@link Outbox.post} once what happens now is over. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.post);
  }

  /** Sends what there is. */
  readonly post = (): void => {
    this.#isScheduled = true; // what is added now goes with the rest, and asks for nothing more
    this.#onPost();
    this.#isScheduled = false;
    if (this.#used === 0) return;
    const batch: Batch<Note> = { entries: this.#entries.slice(0, this.#used), buffers: this.#buffers, notes: this.#notes };
    const transfer = this.#buffers;
    this.#used = 0;
    this.#notes = [];
    this.#buffers = [];
    this.#slab = undefined;
    this.#slabUsed = 0;
    this.#nextSlabBytes = FIRST_SLAB_BYTES;
    this.#port.postMessage(batch, transfer);
  };

  #addSlab(least: number): void {
    this.#slab = new Uint8Array(Math.max(this.#nextSlabBytes, least));
    this.#slabIndex = this.#buffers.length;
    this.#slabUsed = 0;
    this.#buffers.push(this.#slab.buffer as ArrayBuffer);
    this.#nextSlabBytes = Math.min(LARGEST_SLAB_BYTES, 4 * this.#nextSlabBytes);
  }

  #entry(kind: number, connection: number, channel: number, a: number, b: number, c: number): void {
    let entries = this.#entries;
    if (this.#used + ENTRY_WORDS > entries.length) {
      entries = new Uint32Array(2 * entries.length);
      entries.set(this.#entries);
      this.#entries = entries;
    }
    const at = this.#used;
    entries[at] = kind;
    entries[at + 1] = connection;
    entries[at + 2] = channel;
    entries[at + 3] = a;
    entries[at + 4] = b;
    entries[at + 5] = c;
    this.#used = at + ENTRY_WORDS;
    this.schedule();
  }
}

/** Who takes the entries of a batch. */
export interface Inbox<Note> {
  onNote(note: Note): void;
  onMessage(connection: number, channel: number, isBinary: boolean, bytes: Uint8Array): void;
  onAmount(connection: number, channel: number, bytes: number): void;
}

/** Hands the entries of a batch over, in their order. */
export function unpack<Note>({ entries, buffers, notes }: Batch<Note>, inbox: Inbox<Note>): void {
  const views = buffers.map((buffer) => new Uint8Array(buffer));
  for (let at = 0; at < entries.length; at += ENTRY_WORDS) {
    const kind = entries[at] as number;
    const connection = entries[at + 1] as number;
    const channel = entries[at + 2] as number;
    const word = entries[at + 3] as number;
    if (kind === ENTRY.NOTE) inbox.onNote(notes[word] as Note);
    else if (kind === ENTRY.AMOUNT) inbox.onAmount(connection, channel, word);
    else {
      const view = views[word] as Uint8Array;
      const offset = entries[at + 4] as number;
      const length = entries[at + 5] as number;
      inbox.onMessage(connection, channel, kind === ENTRY.BINARY, length === view.length ? view : view.subarray(offset, offset + length));
    }
  }
}
