import { type Counters, type CryptoProvider, DecodeError, type Instant, Reader } from '../../core/index.ts';
import { RANDOM_BYTES } from '../constants.ts';
import { decodeFragment } from '../handshake/fragment.ts';
import type { FlightSender } from '../handshake/sender.ts';
import type { FragmentFate } from './handshaker.ts';
import { exportKeyingMaterial } from './keys.ts';
import type { CipherSuite } from './suites.ts';

/** What both sides agreed on and proved. */
export interface Agreed {
  readonly suite: CipherSuite;
  readonly srtpProfile: number | undefined;
  /** The peer's certificate, DER; it is the signalled one. */
  readonly remoteCertificate: Uint8Array | undefined;
  /** What keys can be exported from: the master secret and both randoms, side by side. */
  readonly exporter: Uint8Array;
}

/**
 * What stays of a handshake that is complete, for as long as the connection lives: what was agreed on, and the server's last flight,
 * which the client may ask for again (RFC 6347 4.2.4).
 */
export class Concluded {
  readonly agreed: Agreed;
  readonly sender: FlightSender;
  readonly #crypto: CryptoProvider;
  readonly #counters: Counters;
  /** The number of the message that would have come next. */
  readonly #next: number;

  constructor(agreed: Agreed, sender: FlightSender, next: number, crypto: CryptoProvider, counters: Counters) {
    this.agreed = agreed;
    this.sender = sender;
    this.#next = next;
    this.#crypto = crypto;
    this.#counters = counters;
  }

  /** As `Handshaker.onRecord`: the fate of the last fragment. */
  onRecord(content: Uint8Array): FragmentFate {
    const reader = new Reader(content, 'dtls.fragment');
    let fate: FragmentFate = 'taken';
    try {
      while (reader.left > 0) fate = decodeFragment(reader).sequence < this.#next ? 'repeated' : 'late';
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#counters.add('dtls.malformed');
    }
    return fate;
  }

  /** As `Handshaker.onRepeat`: the datagrams of the flight that was lost. */
  onRepeat(now: Instant, trusted: boolean): Uint8Array[] {
    this.#counters.add('dtls.repeated');
    return this.sender.onRepeat(now, trusted);
  }

  exportKeyingMaterial(label: string, length: number, context?: Uint8Array): Uint8Array {
    const { exporter, suite } = this.agreed;
    const at = exporter.length - 2 * RANDOM_BYTES;
    const [master, clientRandom, serverRandom] = [exporter.subarray(0, at), exporter.subarray(at, at + RANDOM_BYTES), exporter.subarray(at + RANDOM_BYTES)];
    return exportKeyingMaterial(this.#crypto, suite, master, clientRandom, serverRandom, label, length, context);
  }

  /** Overwrites the secret. */
  forget(): void {
    this.agreed.exporter.fill(0);
    this.sender.forget();
  }
}
