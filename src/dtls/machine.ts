import { Counters, type Deadline, DecodeError, type Environment, type Instant, type Protocol, Queue, Reader, RtcError, TimerTable } from '../core/index.ts';
import { readU48 } from '../core/bytes.ts';
import { checkMtu, type DtlsConfig, type ResolvedConfig, resolveConfig } from './config.ts';
import {
  Alert,
  ALERT_FATAL,
  ALERT_WARNING,
  ContentType,
  GCM_EXPLICIT_NONCE_BYTES,
  HandshakeType,
  MAX_PLAINTEXT_BYTES,
  MAX_UNREAD_RECORDS,
  RECORD_HEADER_BYTES,
  REPEAT_INTERVAL_MS,
  TAG_BYTES,
  VERSION_DTLS_1_2,
} from './constants.ts';
import type { DtlsEvent, DtlsFailure } from './events.ts';
import { decodeFragment, type Fragment } from './handshake/fragment.ts';
import { HandshakeFailure } from './handshake/failure.ts';
import { type HandshakeMessage, Reassembler } from './handshake/reassembly.ts';
import { FlightSender } from './handshake/sender.ts';
import { EarlyRecords } from './record/early.ts';
import type { RecordProtection } from './record/protection.ts';
import { RecordReader } from './record/reader.ts';
import { ReplayWindow } from './record/replay.ts';
import { RecordWriter } from './record/writer.ts';
import { type SrtpKeys, splitSrtpKeys } from './srtp.ts';
import type { DtlsState, DtlsStats } from './stats.ts';
import { ClientHandshake } from './v12/client.ts';
import { HelloGate } from './v12/gate.ts';
import { Outbox } from './v12/outbox.ts';
import type { HandshakeRole } from './v12/role.ts';
import { ServerHandshake } from './v12/server.ts';
import { Session } from './v12/session.ts';
import type { CipherSuite } from './v12/suites.ts';

/**
 * A DTLS 1.2 connection (RFC 6347) between two ends that know each other's certificate by its fingerprint.
 *
 * @example
 * const dtls = new DtlsMachine({ role: 'client', certificate, remoteFingerprints }, environment);
 * dtls.start(now);
 * for (let datagram = dtls.pollWrite(); datagram; datagram = dtls.pollWrite()) socket.send(datagram);
 */
export class DtlsMachine implements Protocol<Uint8Array, Uint8Array, Uint8Array, Uint8Array, never, DtlsEvent> {
  /** Room that {@link DtlsMachine.sealInPlace} needs in front of a packet, in bytes. */
  static readonly HEADROOM: number = RECORD_HEADER_BYTES + GCM_EXPLICIT_NONCE_BYTES;
  /** Room that {@link DtlsMachine.sealInPlace} needs behind a packet, in bytes. */
  static readonly TAILROOM: number = TAG_BYTES;

  readonly #config: ResolvedConfig;
  readonly #counters: Counters = new Counters();
  readonly #timers: TimerTable<'retransmit' | 'handshake'> = new TimerTable();
  readonly #datagrams: Queue<Uint8Array> = new Queue();
  readonly #data: Queue<Uint8Array> = new Queue();
  readonly #events: Queue<DtlsEvent> = new Queue();
  readonly #writer: RecordWriter = new RecordWriter();
  readonly #records: RecordReader;
  readonly #window: ReplayWindow = new ReplayWindow();
  readonly #early: EarlyRecords = new EarlyRecords();
  readonly #reassembler: Reassembler;
  readonly #sender: FlightSender;
  readonly #session: Session;
  readonly #outbox: Outbox;
  readonly #handshake: HandshakeRole;
  readonly #gate: HelloGate | undefined;
  #state: DtlsState = 'new';
  /** What opens the peer's records, once its ChangeCipherSpec came. */
  #reading: RecordProtection | undefined;
  #peerChangedCipher = false;
  /** The number of the first message of the peer's next flight, while none of it has come. */
  #boundary = 0;
  /** Whether this datagram holds a message that was processed before; 2 when it was authenticated. */
  #repeated = 0;
  #forged = 0;
  #warnings = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #recordsReceived = 0;
  #recordsSent = 0;

  /** Throws `ERR_INVALID_ARGUMENT` for a configuration out of range. */
  constructor(config: DtlsConfig, environment: Environment) {
    this.#config = resolveConfig(config);
    this.#records = new RecordReader(this.#counters);
    this.#reassembler = new Reassembler(this.#counters);
    this.#sender = new FlightSender(this.#writer, this.#config);
    this.#session = new Session(this.#config, environment);
    this.#outbox = new Outbox(this.#session.transcript);
    this.#handshake = config.role === 'client' ? new ClientHandshake(this.#session, this.#outbox) : new ServerHandshake(this.#session, this.#outbox);
    this.#gate = config.role === 'client' ? undefined : new HelloGate(this.#config, environment.crypto, this.#reassembler);
  }

  get state(): DtlsState {
    return this.#state;
  }

  get cipherSuite(): CipherSuite | undefined {
    return this.#state === 'connected' ? this.#session.suite : undefined;
  }

  /** The agreed profile of RFC 5764 4.1.2. */
  get srtpProfile(): number | undefined {
    return this.#state === 'connected' ? this.#session.srtpProfile : undefined;
  }

  /** As on the wire; 0xfefd is DTLS 1.2. */
  get version(): number | undefined {
    return this.#state === 'connected' ? VERSION_DTLS_1_2 : undefined;
  }

  /** The peer's certificate, DER, once it is proven. */
  get remoteCertificate(): Uint8Array | undefined {
    return this.#state === 'connected' ? this.#session.remoteCertificate : undefined;
  }

  /** Begins the handshake: a client says hello, a server waits for it. Later calls do nothing. */
  start(now: Instant): void {
    if (this.#state !== 'new') return;
    this.#state = 'connecting';
    this.#timers.set('handshake', now + this.#config.handshakeTimeoutMs);
    this.#handshake.start();
    this.#flush(now);
  }

  /** Takes a datagram and owns it: records are opened in place. */
  handleRead(datagram: Uint8Array, now: Instant): void {
    if (this.#state === 'new' && this.#config.role === 'server') this.start(now);
    if (this.#state !== 'connecting' && this.#state !== 'connected') return this.#counters.add('dtls.not-open');
    try {
      this.#repeated = 0;
      this.#records.load(datagram);
      while (this.#open && this.#records.next()) {
        if (this.#records.epoch === 0) this.#onPlain(datagram, now);
        else this.#onSealed(datagram, this.#records.at, this.#records.end, now);
      }
      if (this.#repeated > 0 && this.#open) this.#onRepeat(now);
    } catch (error) {
      this.#failWith(error);
    }
  }

  /** Application data, as a view of the datagram that it came in. */
  pollRead(): Uint8Array | undefined {
    return this.#data.shift();
  }

  /**
   * Sends application data as one record, copied. Throws `ERR_INVALID_STATE` before `connected`, `ERR_CLOSED` after the
   * end, `ERR_MESSAGE_TOO_LARGE` above 16,384 bytes.
   */
  handleWrite(data: Uint8Array, _now: Instant): void {
    const packet = new Uint8Array(DtlsMachine.HEADROOM + data.length + DtlsMachine.TAILROOM);
    packet.set(data, DtlsMachine.HEADROOM);
    this.#datagrams.push(this.sealInPlace(packet.subarray(DtlsMachine.HEADROOM, DtlsMachine.HEADROOM + data.length)));
  }

  /**
   * Seals a packet as one record of application data in its own buffer, which the caller owns and which has
   * {@link DtlsMachine.HEADROOM} bytes before the packet and {@link DtlsMachine.TAILROOM} after it. Returns the record,
   * a view of the same buffer, for the caller to send. Throws as {@link DtlsMachine.handleWrite} does.
   */
  sealInPlace(packet: Uint8Array): Uint8Array {
    if (this.#state !== 'connected') throw new RtcError(this.#state === 'closed' || this.#state === 'failed' ? 'ERR_CLOSED' : 'ERR_INVALID_STATE', `DTLS is ${this.#state}`);
    const length = packet.length;
    if (length > MAX_PLAINTEXT_BYTES) throw new RtcError('ERR_MESSAGE_TOO_LARGE', `a record holds ${MAX_PLAINTEXT_BYTES} bytes at most`);
    const start = packet.byteOffset;
    if (start < DtlsMachine.HEADROOM || start + length + TAG_BYTES > packet.buffer.byteLength) throw new RtcError('ERR_INVALID_ARGUMENT', 'no room for the record around the packet');
    // The last number is kept for the alert that ends the connection.
    if (this.#writer.sealed >= this.#config.maxSealedRecords - 1) {
      this.#fail('sequence-limit', 'the record numbers are used up', Alert.closeNotify);
      throw new RtcError('ERR_CLOSED', 'the record numbers are used up');
    }
    const head = this.#writer.headBytes(1);
    const record = new Uint8Array(packet.buffer, start - head, head + length + TAG_BYTES);
    this.#writer.seal(ContentType.applicationData, record, head, head + length);
    this.#recordsSent++;
    return record;
  }

  pollWrite(): Uint8Array | undefined {
    return this.#datagrams.shift();
  }

  handleEvent(event: never, _now: Instant): void {
    event satisfies never;
  }

  pollEvent(): DtlsEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    for (let due = this.#timers.expire(now); due !== undefined; due = this.#timers.expire(now)) {
      switch (due) {
        case 'handshake':
          this.#fail('timeout', `no handshake within ${this.#config.handshakeTimeoutMs} ms`, undefined);
          break;
        case 'retransmit':
          this.#send(this.#sender.onTimeout(now));
          this.#timers.set('retransmit', now + this.#sender.rtoMs);
          break;
        default:
          due satisfies never;
      }
    }
  }

  pollTimeout(): Deadline<'retransmit' | 'handshake'> | undefined {
    return this.#timers.next();
  }

  /** Says close_notify and ends (RFC 5246 7.2.1). Idempotent. */
  close(_now: Instant): void {
    if (!this.#open) {
      if (this.#state === 'new') this.#end('closed', { type: 'closed' });
      return;
    }
    this.#sendAlert(ALERT_WARNING, Alert.closeNotify);
    this.#end('closed', { type: 'closed' });
  }

  /**
   * Keying material for other protocols (RFC 5705 4), the same on both sides. Throws `ERR_INVALID_STATE` unless the
   * state is `connected`.
   */
  exportKeyingMaterial(label: string, length: number, context?: Uint8Array): Uint8Array {
    if (this.#state !== 'connected') throw new RtcError('ERR_INVALID_STATE', `DTLS is ${this.#state}`);
    if (!(length > 0 && length <= 65_535)) throw new RtcError('ERR_INVALID_ARGUMENT', 'between 1 and 65,535 bytes');
    return this.#session.exportKeyingMaterial(label, length, context);
  }

  /** The keys of the agreed SRTP profile (RFC 5764 4.2). Throws `ERR_INVALID_STATE` when there is none. */
  exportSrtpKeys(): SrtpKeys {
    const profile = this.srtpProfile;
    if (profile === undefined) throw new RtcError('ERR_INVALID_STATE', 'no SRTP profile was agreed on');
    return splitSrtpKeys(profile, this.#config.role, (label, length) => this.exportKeyingMaterial(label, length));
  }

  /** Changes the largest datagram of the handshake. Throws `ERR_INVALID_ARGUMENT` below 100 bytes. */
  setMtu(mtuBytes: number): void {
    this.#sender.mtuBytes = checkMtu(mtuBytes);
  }

  stats(): DtlsStats {
    return {
      state: this.#state,
      version: this.version,
      cipherSuite: this.cipherSuite?.name,
      srtpProfile: this.srtpProfile,
      recordsSent: this.#recordsSent,
      recordsReceived: this.#recordsReceived,
      retransmissions: this.#sender.retransmissions,
      dropped: this.#counters.snapshot(),
    };
  }

  get #open(): boolean {
    return this.#state === 'connecting' || this.#state === 'connected';
  }

  /** A record in the clear: the handshake up to ChangeCipherSpec, and nothing that is believed later (RFC 6347 4.1). */
  #onPlain(datagram: Uint8Array, now: Instant): void {
    const { at, end, type } = this.#records;
    const content = datagram.subarray(at + RECORD_HEADER_BYTES, end);
    if (type === ContentType.handshake) {
      this.#gate?.noteRecord(readU48(datagram, at + 5));
      return this.#onHandshakeRecord(content, 0, now);
    }
    if (type === ContentType.applicationData || this.#reading !== undefined) return this.#counters.add('dtls.plaintext');
    if (type === ContentType.alert) return this.#onAlert(content);
    if (content.length !== 1 || content[0] !== 1) return this.#counters.add('dtls.malformed');
    // It may overtake the rest of its flight and is remembered; it takes effect where it belongs.
    this.#peerChangedCipher = true;
    this.#changeCipherIfDue(now);
    this.#advance(now);
  }

  #onSealed(bytes: Uint8Array, at: number, end: number, now: Instant): void {
    const type = bytes[at] as number;
    if (bytes[at + 3] !== 0 || bytes[at + 4] !== 1) return this.#counters.add('dtls.epoch');
    const protection = this.#reading;
    if (protection === undefined || (this.#state === 'connecting' && type === ContentType.applicationData)) {
      if (!this.#early.keep(bytes.subarray(at, end))) this.#counters.add('dtls.early');
      return;
    }
    const sequence = readU48(bytes, at + 5);
    if (!this.#window.isNew(sequence)) return this.#counters.add('dtls.replay');
    const length = protection.open(bytes, at);
    if (length < 0) return this.#onForgery();
    this.#window.accept(sequence);
    if (length > MAX_PLAINTEXT_BYTES) return this.#counters.add('dtls.record.too-long');
    const start = at + RECORD_HEADER_BYTES + protection.explicitNonceBytes;
    const content = bytes.subarray(start, start + length);
    if (type === ContentType.applicationData) this.#onData(content);
    else if (type === ContentType.handshake) this.#onHandshakeRecord(content, 1, now);
    else if (type === ContentType.alert) this.#onAlert(content);
    else this.#counters.add('dtls.unexpected');
  }

  #onData(content: Uint8Array): void {
    if (content.length === 0) return;
    if (this.#data.length === MAX_UNREAD_RECORDS) return this.#counters.add('dtls.unread');
    this.#recordsReceived++;
    this.#data.push(content);
  }

  #onForgery(): void {
    this.#counters.add('dtls.forged');
    if (++this.#forged >= this.#config.maxForgedRecords) this.#fail('forgery-limit', 'too many records that do not authenticate', Alert.badRecordMac);
  }

  #onHandshakeRecord(content: Uint8Array, epoch: number, now: Instant): void {
    const reader = new Reader(content, 'dtls.fragment');
    while (this.#open && reader.left > 0) {
      let fragment: Fragment;
      try {
        fragment = decodeFragment(reader);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        return this.#counters.add('dtls.malformed');
      }
      this.#onFragment(fragment, epoch, now);
    }
  }

  #onFragment(fragment: Fragment, epoch: number, now: Instant): void {
    this.#gate?.admit(fragment);
    if (fragment.sequence < this.#reassembler.next) {
      this.#repeated = Math.max(this.#repeated, epoch + 1);
      return;
    }
    if (this.#state === 'connected') return this.#refuseRenegotiation(fragment, epoch, now);
    if (epoch === 0 && this.#reading !== undefined) return this.#counters.add('dtls.plaintext');
    this.#reassembler.add(fragment, epoch);
    this.#advance(now);
  }

  /** Processes the messages that are whole, in order. */
  #advance(now: Instant): void {
    for (let message = this.#take(); message !== undefined; message = this.#take()) {
      if (this.#gate !== undefined && !this.#gate.pass(message)) {
        this.#send(this.#gate.takeReply());
        return;
      }
      if (this.#handshake.wantsChangeCipherSpec) throw new HandshakeFailure(Alert.unexpectedMessage, 'protocol', `message ${message.type} before ChangeCipherSpec`);
      this.#handshake.receive(message);
      this.#flush(now);
      if (this.#handshake.complete) return this.#complete(now);
      this.#changeCipherIfDue(now);
    }
  }

  #take(): HandshakeMessage | undefined {
    return this.#state === 'connecting' ? this.#reassembler.take() : undefined;
  }

  /** Opens epoch 1 for reading when ChangeCipherSpec has come and is due. */
  #changeCipherIfDue(now: Instant): void {
    if (!this.#peerChangedCipher || !this.#handshake.wantsChangeCipherSpec) return;
    this.#handshake.changeCipherSpec();
    this.#reading = this.#session.remoteProtection;
    this.#openEarly(now);
  }

  #openEarly(now: Instant): void {
    for (const record of this.#early.take()) if (this.#open) this.#onSealed(record, 0, record.length, now);
  }

  #complete(now: Instant): void {
    this.#state = 'connected';
    this.#timers.clear();
    this.#reassembler.clear();
    this.#session.transcript.clear();
    // The server's Finished is the last message, so only a server may have to repeat it.
    if (this.#config.role === 'client') this.#sender.forget();
    this.#events.push({ type: 'connected', cipherSuite: this.#session.agreedSuite, srtpProfile: this.#session.srtpProfile });
    this.#openEarly(now);
  }

  /** Sends the next flight, if it is whole. */
  #flush(now: Instant): void {
    const items = this.#outbox.take();
    if (items === undefined) return;
    const protection = this.#session.localProtection;
    if (protection !== undefined && this.#writer.epoch === 0) this.#writer.protect(protection);
    if (this.#gate !== undefined) this.#writer.skipPlainTo(this.#gate.helloRecord);
    this.#boundary = this.#reassembler.next;
    this.#send(this.#sender.send(items, now));
    this.#timers.set('retransmit', now + this.#sender.rtoMs);
  }

  /** The peer repeats itself: it may not have got our answer. */
  #onRepeat(now: Instant): void {
    this.#counters.add('dtls.repeated');
    // In the middle of the peer's flight a repetition says nothing: our last flight arrived.
    if (this.#reassembler.next !== this.#boundary) return;
    this.#send(this.#sender.onRepeat(now, this.#repeated === 2 || this.#state === 'connecting'));
  }

  /** A new handshake is refused, and only when who asks is authenticated (RFC 5746 4.4, RFC 5246 7.2.2). */
  #refuseRenegotiation(fragment: Fragment, epoch: number, now: Instant): void {
    this.#counters.add('dtls.unexpected');
    const asks = fragment.type === HandshakeType.clientHello || fragment.type === HandshakeType.helloRequest;
    if (epoch === 0 || !asks || now - this.#refusedAt < REPEAT_INTERVAL_MS) return;
    this.#refusedAt = now;
    this.#sendAlert(ALERT_WARNING, Alert.noRenegotiation);
  }

  #onAlert(content: Uint8Array): void {
    if (content.length !== 2) return this.#counters.add('dtls.malformed');
    const [level, description] = content as unknown as readonly [number, number];
    if (description === Alert.closeNotify && this.#state === 'connected') {
      this.#sendAlert(ALERT_WARNING, Alert.closeNotify);
      return this.#end('closed', { type: 'closed' });
    }
    if (level !== ALERT_WARNING || description === Alert.closeNotify)
      return this.#end('failed', { type: 'failed', reason: 'peer-alert', message: `the peer sent alert ${description}`, alert: description });
    this.#counters.add('dtls.warning');
    if (++this.#warnings > this.#config.maxWarningAlerts) this.#fail('alert-limit', 'too many warning alerts', Alert.unexpectedMessage);
  }

  #failWith(error: unknown): void {
    if (error instanceof HandshakeFailure) this.#fail(error.reason, error.message, error.alert);
    else if (error instanceof DecodeError) this.#fail('protocol', error.message, Alert.decodeError);
    else if (error instanceof RtcError) this.#fail('protocol', error.message, Alert.internalError);
    else throw error;
  }

  #fail(reason: DtlsFailure, message: string, alert: Alert | undefined): void {
    if (!this.#open) return;
    if (alert !== undefined) this.#sendAlert(alert === Alert.closeNotify ? ALERT_WARNING : ALERT_FATAL, alert);
    this.#end('failed', { type: 'failed', reason, message, alert });
  }

  #end(state: 'closed' | 'failed', event: DtlsEvent): void {
    this.#state = state;
    this.#timers.clear();
    this.#sender.forget();
    this.#reassembler.clear();
    this.#early.take();
    this.#reading = undefined;
    if (state === 'failed') this.#data.clear();
    this.#session.forget();
    this.#events.push(event);
  }

  #sendAlert(level: number, description: Alert): void {
    const epoch = this.#writer.epoch;
    const start = this.#writer.headBytes(epoch);
    const record = new Uint8Array(start + 2 + this.#writer.tailBytes(epoch));
    record[start] = level;
    record[start + 1] = description;
    this.#writer.write(ContentType.alert, epoch, record, start, start + 2);
    this.#datagrams.push(record);
  }

  #send(datagrams: readonly Uint8Array[]): void {
    for (const datagram of datagrams) this.#datagrams.push(datagram);
  }
}
