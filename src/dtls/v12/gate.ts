import { type CryptoProvider, EMPTY } from '../../core/index.ts';
import type { ResolvedConfig } from '../config.ts';
import { ContentType, FLIGHT_WINDOW_MESSAGES, HANDSHAKE_HEADER_BYTES, HandshakeType, RECORD_HEADER_BYTES, VERSION_DTLS_1_0 } from '../constants.ts';
import { Cookies } from '../cookie.ts';
import { type Fragment, unfragmented } from '../handshake/fragment.ts';
import { decodeClientHello, encodeHelloVerifyRequest } from '../handshake/packets.ts';
import type { HandshakeMessage, Reassembler } from '../handshake/reassembly.ts';
import { writePlainHeader } from '../record/writer.ts';

/**
 * What a server lets in: nothing but a hello, and where cookies are required only one that carries its cookie. Until
 * then it keeps nothing but the fragments of the present hello (RFC 6347 4.2.1).
 */
export class HelloGate {
  readonly #cookies: Cookies | undefined;
  readonly #addressToken: Uint8Array;
  readonly #reassembler: Reassembler;
  #passed = false;
  #replies: Uint8Array[] = [];
  #record = 0;

  constructor(config: ResolvedConfig, crypto: CryptoProvider, reassembler: Reassembler) {
    this.#cookies = config.cookie === 'required' ? new Cookies(crypto, config.cookieSecret as Uint8Array) : undefined;
    this.#addressToken = config.addressToken ?? EMPTY;
    this.#reassembler = reassembler;
  }

  /** The number of the record that carried the hello; our own numbers go on from it. */
  get helloRecord(): number {
    return this.#record;
  }

  /** Notes the number of a handshake record in the clear. */
  noteRecord(sequence: number): void {
    if (!this.#passed) this.#record = sequence;
  }

  /** Before the handshake: a hello may begin at another number, since its cookie may come from another server object. */
  admit(fragment: Fragment): void {
    if (this.#passed || fragment.type !== HandshakeType.clientHello || fragment.sequence === this.#reassembler.next) return;
    if (fragment.sequence < FLIGHT_WINDOW_MESSAGES) this.#reassembler.resetTo(fragment.sequence);
  }

  /** Whether a message may go on to the handshake; when not, {@link takeReply} holds what is to be sent. */
  pass(message: HandshakeMessage): boolean {
    if (this.#passed || this.#cookies === undefined || message.type !== HandshakeType.clientHello) {
      this.#passed = true;
      return true;
    }
    const hello = decodeClientHello(message.body);
    if (this.#cookies.holds(this.#addressToken, hello)) {
      this.#passed = true;
      return true;
    }
    const body = encodeHelloVerifyRequest({ version: VERSION_DTLS_1_0, cookie: this.#cookies.of(this.#addressToken, hello) });
    this.#reassembler.resetTo(message.sequence);
    // Never more bytes than were received, so that a forged address gains nothing.
    if (body.length <= message.body.length) this.#replies.push(this.#verifyRequest(message.sequence, body));
    return false;
  }

  takeReply(): readonly Uint8Array[] {
    const replies = this.#replies;
    this.#replies = [];
    return replies;
  }

  /** HelloVerifyRequest in a record with the number of the hello's record and the old version (RFC 6347 4.2.1). */
  #verifyRequest(sequence: number, body: Uint8Array): Uint8Array {
    const datagram = new Uint8Array(RECORD_HEADER_BYTES + HANDSHAKE_HEADER_BYTES + body.length);
    datagram.set(unfragmented(HandshakeType.helloVerifyRequest, sequence, body), RECORD_HEADER_BYTES);
    writePlainHeader(ContentType.handshake, this.#record, datagram, RECORD_HEADER_BYTES, datagram.length, VERSION_DTLS_1_0);
    return datagram;
  }
}
