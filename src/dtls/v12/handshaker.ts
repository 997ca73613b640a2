import { type Counters, DecodeError, type Environment, type Instant, Reader } from '../../core/index.ts';
import type { ResolvedConfig } from '../config.ts';
import { Alert } from '../constants.ts';
import { HandshakeFailure } from '../handshake/failure.ts';
import { decodeFragment, type Fragment } from '../handshake/fragment.ts';
import { Reassembler } from '../handshake/reassembly.ts';
import { FlightSender } from '../handshake/sender.ts';
import type { RecordProtection } from '../record/protection.ts';
import type { RecordWriter } from '../record/writer.ts';
import { ClientHandshake } from './client.ts';
import { Concluded } from './concluded.ts';
import { HelloGate } from './gate.ts';
import { Outbox } from './outbox.ts';
import type { HandshakeRole } from './role.ts';
import { ServerHandshake } from './server.ts';
import { Session } from './session.ts';

/** What a fragment was, for those who must react to more than the handshake itself. */
export type FragmentFate = 'taken' | 'repeated' | 'late';

/**
 * Brings fragments to the side that waits for them, in order and once, and its flights to the wire
 * (RFC 6347 4.2.4). It throws `HandshakeFailure` or `DecodeError` when the handshake must end.
 */
export class Handshaker {
  readonly session: Session;
  readonly sender: FlightSender;
  readonly #counters: Counters;
  readonly #writer: RecordWriter;
  readonly #send: (datagram: Uint8Array) => void;
  readonly #reassembler: Reassembler;
  readonly #outbox: Outbox;
  readonly #role: HandshakeRole;
  readonly #gate: HelloGate | undefined;
  /** The number of the first message of the peer's next flight. */
  #boundary = 0;
  #peerChangedCipher = false;
  #reading: RecordProtection | undefined;
  /** When the present flight goes out again. */
  retransmitAt: Instant | undefined;

  constructor(config: ResolvedConfig, environment: Environment, counters: Counters, writer: RecordWriter, send: (datagram: Uint8Array) => void) {
    this.#counters = counters;
    this.#writer = writer;
    this.#send = send;
    this.session = new Session(config, environment);
    this.sender = new FlightSender(writer, config);
    this.#reassembler = new Reassembler(counters);
    this.#outbox = new Outbox(this.session.transcript);
    const client = config.role === 'client';
    this.#role = client ? new ClientHandshake(this.session, this.#outbox) : new ServerHandshake(this.session, this.#outbox);
    this.#gate = client ? undefined : new HelloGate(config, environment.crypto, this.#reassembler);
  }

  /** Whether both sides have proven who they are and that they saw the same handshake. */
  get complete(): boolean {
    return this.#role.complete;
  }

  /** What opens the peer's records, once its ChangeCipherSpec took effect. */
  get reading(): RecordProtection | undefined {
    return this.#reading;
  }

  /** Bytes of fragments that wait for the rest of their message. */
  get heldBytes(): number {
    return this.#reassembler.heldBytes;
  }

  start(now: Instant): void {
    this.#role.start();
    this.#flush(now);
  }

  /**
   * Takes the content of a handshake record; `record` is its number. Returns the fate of its last fragment: `repeated`
   * for a message that was processed before, `late` for a new message after the end.
   */
  onRecord(content: Uint8Array, epoch: number, record: number, now: Instant): FragmentFate {
    if (epoch === 0) this.#gate?.noteRecord(record);
    const reader = new Reader(content, 'dtls.fragment');
    let fate: FragmentFate = 'taken';
    while (reader.left > 0) {
      let fragment: Fragment;
      try {
        fragment = decodeFragment(reader);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        this.#counters.add('dtls.malformed');
        return fate;
      }
      fate = this.#onFragment(fragment, epoch, now);
    }
    return fate;
  }

  /** ChangeCipherSpec may overtake the rest of its flight, so it is remembered and takes effect where it belongs. */
  onChangeCipherSpec(): void {
    this.#peerChangedCipher = true;
    this.#changeCipherIfDue();
  }

  /** Sends the flight again (RFC 6347 4.2.4.1). */
  onTimeout(now: Instant): void {
    for (const datagram of this.sender.onTimeout(now)) this.#send(datagram);
    this.retransmitAt = now + this.sender.rtoMs;
  }

  /**
   * The peer repeats itself, so it may not have got our answer, which goes out again. `trusted`: the repetition was authenticated or is part
   * of a handshake under way.
   */
  onRepeat(now: Instant, trusted: boolean): Uint8Array[] {
    this.#counters.add('dtls.repeated');
    // In the middle of the peer's flight a repetition says nothing: our last flight arrived.
    return this.#reassembler.next === this.#boundary ? this.sender.onRepeat(now, trusted) : [];
  }

  /** After completion: what stays of it. The server's last flight may be asked for again. */
  conclude(): Concluded {
    if (this.session.role === 'client') this.sender.forget();
    return new Concluded(this.session.conclude(), this.sender, this.#reassembler.next, this.session.crypto, this.#counters);
  }

  /** Lets go of everything, keys first. */
  forget(): void {
    this.session.forget();
    this.#reading = undefined;
    this.retransmitAt = undefined;
    this.#reassembler.clear();
    this.sender.forget();
  }

  #onFragment(fragment: Fragment, epoch: number, now: Instant): FragmentFate {
    this.#gate?.admit(fragment);
    if (fragment.sequence < this.#reassembler.next) return 'repeated';
    if (this.#role.complete) return 'late';
    if (epoch === 0 && this.#reading !== undefined) this.#counters.add('dtls.plaintext');
    else {
      this.#reassembler.add(fragment, epoch);
      this.#advance(now);
    }
    return 'taken';
  }

  /** Processes the messages that are whole, in order. */
  #advance(now: Instant): void {
    for (let message = this.#reassembler.take(); message !== undefined; message = this.#role.complete ? undefined : this.#reassembler.take()) {
      if (this.#gate !== undefined && !this.#gate.pass(message)) {
        for (const reply of this.#gate.takeReply()) this.#send(reply);
        return;
      }
      if (this.#role.wantsChangeCipherSpec) throw new HandshakeFailure(Alert.unexpectedMessage, 'protocol', `message ${message.type} before ChangeCipherSpec`);
      this.#role.receive(message);
      this.#flush(now);
      this.#changeCipherIfDue();
    }
  }

  #changeCipherIfDue(): void {
    if (!this.#peerChangedCipher || !this.#role.wantsChangeCipherSpec) return;
    this.#role.changeCipherSpec();
    this.#reading = this.session.remoteProtection;
    this.#reassembler.clear(); // what came ahead in the clear has no meaning any more
  }

  /** Sends the next flight, if it is whole. */
  #flush(now: Instant): void {
    const items = this.#outbox.take();
    if (items === undefined) return;
    const protection = this.session.localProtection;
    if (protection !== undefined && this.#writer.epoch === 0) this.#writer.protect(protection);
    if (this.#gate !== undefined) this.#writer.skipPlainTo(this.#gate.helloRecord);
    this.#boundary = this.#reassembler.next;
    for (const datagram of this.sender.send(items, now)) this.#send(datagram);
    this.retransmitAt = now + this.sender.rtoMs;
  }
}
