import type { HandshakeType } from '../constants.ts';
import type { FlightItem } from '../handshake/flight.ts';
import type { Transcript } from '../handshake/transcript.ts';

/** Collects the messages of our next flight and puts them into the transcript. */
export class Outbox {
  readonly #transcript: Transcript;
  #items: FlightItem[] = [];
  #ready = false;
  #epoch = 0;
  #sequence = 0;

  constructor(transcript: Transcript) {
    this.#transcript = transcript;
  }

  /** Numbers the next message; a server begins with the number of the hello that it answers (RFC 6347 4.2.2). */
  numberFrom(sequence: number): void {
    this.#sequence = sequence;
  }

  message(type: HandshakeType, body: Uint8Array): void {
    this.#transcript.add(type, this.#sequence, body);
    this.#items.push({ content: 'handshake', epoch: this.#epoch, type, sequence: this.#sequence++, body });
  }

  /** Adds ChangeCipherSpec; what follows goes out in epoch 1. */
  changeCipherSpec(): void {
    this.#items.push({ content: 'change-cipher-spec', epoch: 0 });
    this.#epoch = 1;
  }

  /** The flight is whole. */
  finish(): void {
    this.#ready = true;
  }

  /** The flight, once it is whole. */
  take(): readonly FlightItem[] | undefined {
    if (!this.#ready) return undefined;
    const items = this.#items.slice(); // of the right size: a server keeps its last flight
    this.#items = [];
    this.#ready = false;
    return items;
  }
}
