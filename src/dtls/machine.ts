import { concat, Counters, type Deadline, DecodeError, type Environment, type Instant, type Protocol, Queue, RtcError, SparseQueue, TimerTable } from '../core/index.ts';
import { readU48 } from '../core/bytes.ts';
import { checkMtu, type DtlsConfig, type DtlsLimits, resolveConfig } from './config.ts';
import {
  Alert,
  ALERT_FATAL,
  ALERT_WARNING,
  ContentType,
  GCM_EXPLICIT_NONCE_BYTES,
  MAX_PLAINTEXT_BYTES,
  MAX_UNREAD_RECORDS,
  RECORD_HEADER_BYTES,
  REPEAT_INTERVAL_MS,
  TAG_BYTES,
  VERSION_DTLS_1_2,
} from './constants.ts';
import type { DtlsEvent, DtlsFailure } from './events.ts';
import { HandshakeFailure } from './handshake/failure.ts';
import { EarlyRecords } from './record/early.ts';
import { FORGED, RecordOpener, REPLAYED } from './record/opener.ts';
import { RecordReader } from './record/reader.ts';
import { RecordWriter } from './record/writer.ts';
import { type SrtpKeys, splitSrtpKeys } from './srtp.ts';
import type { DtlsState, DtlsStats } from './stats.ts';
import { type Agreed, Concluded } from './v12/concluded.ts';
import { type FragmentFate, Handshaker } from './v12/handshaker.ts';
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

  readonly #role: 'client' | 'server';
  readonly #limits: DtlsLimits;
  readonly #handshakeTimeoutMs: number;
  readonly #counters: Counters = new Counters();
  readonly #timers: TimerTable<'retransmit' | 'handshake'> = new TimerTable();
  readonly #datagrams: SparseQueue<Uint8Array> = new SparseQueue();
  readonly #data: Queue<Uint8Array> = new Queue();
  readonly #events: SparseQueue<DtlsEvent> = new SparseQueue();
  readonly #writer: RecordWriter = new RecordWriter();
  readonly #records: RecordReader;
  readonly #early: EarlyRecords = new EarlyRecords();
  /** Under way, until both sides are proven; then what stays of it. */
  #handshake: Handshaker | Concluded;
  #state: DtlsState = 'new';
  /** Opens the peer's records, once its ChangeCipherSpec came. */
  #opener: RecordOpener | undefined;
  #warnings = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  #recordsReceived = 0;
  #recordsSent = 0;

  /** Throws `ERR_INVALID_ARGUMENT` for a configuration out of range. */
  constructor(config: DtlsConfig, environment: Environment) {
    // Every SRTP profile derives its keys by AES in counter mode (RFC 3711 4.3.3): without it none can be agreed upon.
    const resolved = resolveConfig(environment.crypto.aesCtr ? config : { srtpProfiles: [], ...config });
    this.#role = resolved.role;
    this.#limits = resolved.limits;
    this.#handshakeTimeoutMs = resolved.handshakeTimeoutMs;
    this.#records = new RecordReader(this.#counters);
    this.#handshake = new Handshaker(resolved, environment, this.#counters, this.#writer, (datagram) => this.#datagrams.push(datagram));
  }

  get state(): DtlsState {
    return this.#state;
  }

  get cipherSuite(): CipherSuite | undefined {
    return this.#agreed?.suite;
  }

  /** The agreed profile of RFC 5764 4.1.2. */
  get srtpProfile(): number | undefined {
    return this.#agreed?.srtpProfile;
  }

  /** As on the wire; 0xfefd is DTLS 1.2. */
  get version(): number | undefined {
    return this.#state === 'connected' ? VERSION_DTLS_1_2 : undefined;
  }

  /** The peer's certificate, DER, once it is proven. */
  get remoteCertificate(): Uint8Array | undefined {
    return this.#agreed?.remoteCertificate;
  }

  /** Begins the handshake: a client says hello, a server waits for it. Later calls do nothing. */
  start(now: Instant): void {
    if (this.#state !== 'new') return;
    this.#state = 'connecting';
    this.#timers.set('handshake', now + this.#handshakeTimeoutMs);
    this.#handshaker?.start(now);
    this.#follow(now);
  }

  /** Takes a datagram and owns it: records are opened in place. */
  handleRead(datagram: Uint8Array, now: Instant): void {
    if (this.#state === 'new' && this.#role === 'server') this.start(now);
    if (this.#state !== 'connecting' && this.#state !== 'connected') return this.#counters.add('dtls.not-open');
    try {
      this.#records.load(datagram);
      while (this.#open && this.#records.next()) {
        if (this.#records.epoch === 0) this.#onPlain(datagram, now);
        else this.#onSealed(datagram, this.#records.at, this.#records.end, now);
      }
    } catch (error) {
      this.#failWith(error);
    }
  }

  /** Application data, as a view of the datagram that it came in. */
  pollRead(): Uint8Array | undefined {
    return this.#data.shift();
  }

  /**
   * Sends application data as one record, copied, in one datagram with what waits already where there is room. Throws `ERR_INVALID_STATE` before `connected`, `ERR_CLOSED` after the
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
    if (this.#writer.sealed >= this.#limits.maxSealedRecords - 1) {
      this.#fail('sequence-limit', 'the record numbers are used up', Alert.closeNotify);
      throw new RtcError('ERR_CLOSED', 'the record numbers are used up');
    }
    const head = this.#writer.headBytes(1);
    const record = new Uint8Array(packet.buffer, start - head, head + length + TAG_BYTES);
    this.#writer.seal(ContentType.applicationData, record, head, head + length);
    this.#recordsSent++;
    return record;
  }

  /** The next datagram. Records that wait together leave together as far as one has room for them (RFC 6347 4.1.1). */
  pollWrite(): Uint8Array | undefined {
    let datagram = this.#datagrams.shift();
    for (let next = this.#datagrams.peek(); datagram !== undefined && next !== undefined; next = this.#datagrams.peek()) {
      if (datagram.length + next.length > this.#handshake.sender.mtuBytes) break;
      datagram = concat(datagram, next);
      this.#datagrams.shift();
    }
    return datagram;
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
          this.#fail('timeout', `no handshake within ${this.#handshakeTimeoutMs} ms`, undefined);
          break;
        case 'retransmit':
          this.#handshaker?.onTimeout(now);
          this.#follow(now);
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
    if (this.#state !== 'connected' || !(this.#handshake instanceof Concluded)) throw new RtcError('ERR_INVALID_STATE', `DTLS is ${this.#state}`);
    if (!(length > 0 && length <= 65_535)) throw new RtcError('ERR_INVALID_ARGUMENT', 'between 1 and 65,535 bytes');
    return this.#handshake.exportKeyingMaterial(label, length, context);
  }

  /** The keys of the agreed SRTP profile (RFC 5764 4.2). Throws `ERR_INVALID_STATE` when there is none. */
  exportSrtpKeys(): SrtpKeys {
    const profile = this.srtpProfile;
    if (profile === undefined) throw new RtcError('ERR_INVALID_STATE', 'no SRTP profile was agreed on');
    return splitSrtpKeys(profile, this.#role, (label, length) => this.exportKeyingMaterial(label, length));
  }

  /** Changes the largest datagram of the handshake. Throws `ERR_INVALID_ARGUMENT` below 100 bytes. */
  setMtu(mtuBytes: number): void {
    this.#handshake.sender.mtuBytes = checkMtu(mtuBytes);
  }

  stats(): DtlsStats {
    return {
      state: this.#state,
      version: this.version,
      cipherSuite: this.cipherSuite?.name,
      srtpProfile: this.srtpProfile,
      recordsSent: this.#recordsSent,
      recordsReceived: this.#recordsReceived,
      retransmissions: this.#handshake.sender.retransmissions,
      dropped: this.#counters.snapshot(),
    };
  }

  get #handshaker(): Handshaker | undefined {
    return this.#handshake instanceof Handshaker ? this.#handshake : undefined;
  }

  get #agreed(): Agreed | undefined {
    return this.#state === 'connected' && this.#handshake instanceof Concluded ? this.#handshake.agreed : undefined;
  }

  get #open(): boolean {
    return this.#state === 'connecting' || this.#state === 'connected';
  }

  /** A record in the clear: the handshake up to ChangeCipherSpec, and nothing that is believed later (RFC 6347 4.1). */
  #onPlain(datagram: Uint8Array, now: Instant): void {
    const { at, end, type } = this.#records;
    const content = datagram.subarray(at + RECORD_HEADER_BYTES, end);
    if (type === ContentType.handshake) return this.#onHandshake(content, 0, readU48(datagram, at + 5), now);
    if (type === ContentType.applicationData || this.#opener !== undefined) return this.#counters.add('dtls.plaintext');
    if (type === ContentType.alert) return this.#onAlert(content);
    if (content.length !== 1 || content[0] !== 1) return this.#counters.add('dtls.malformed');
    this.#handshaker?.onChangeCipherSpec();
    this.#follow(now);
  }

  #onSealed(bytes: Uint8Array, at: number, end: number, now: Instant): void {
    const type = bytes[at] as number;
    if (bytes[at + 3] !== 0 || bytes[at + 4] !== 1) return this.#counters.add('dtls.epoch');
    const opener = this.#opener;
    if (opener === undefined || (this.#state === 'connecting' && type === ContentType.applicationData)) {
      if (!this.#early.keep(bytes.subarray(at, end))) this.#counters.add('dtls.early');
      return;
    }
    const length = opener.open(bytes, at);
    if (length === REPLAYED) return this.#counters.add('dtls.replay');
    if (length === FORGED) return this.#onForgery(opener);
    if (length > MAX_PLAINTEXT_BYTES) return this.#counters.add('dtls.record.too-long');
    const start = at + opener.headBytes;
    const content = bytes.subarray(start, start + length);
    if (type === ContentType.applicationData) this.#onData(content);
    else if (type === ContentType.handshake) this.#onHandshake(content, 1, 0, now);
    else if (type === ContentType.alert) this.#onAlert(content);
    else this.#counters.add('dtls.unexpected');
  }

  #onData(content: Uint8Array): void {
    if (content.length === 0) return;
    if (this.#data.length === MAX_UNREAD_RECORDS) return this.#counters.add('dtls.unread');
    this.#recordsReceived++;
    this.#data.push(content);
  }

  #onForgery(opener: RecordOpener): void {
    this.#counters.add('dtls.forged');
    if (opener.forged >= this.#limits.maxForgedRecords) this.#fail('forgery-limit', 'too many records that do not authenticate', Alert.badRecordMac);
  }

  #onHandshake(content: Uint8Array, epoch: number, record: number, now: Instant): void {
    const fate: FragmentFate = this.#handshake.onRecord(content, epoch, record, now);
    this.#follow(now);
    // Anybody can repeat what was in the clear, so after the handshake only a sealed repetition is trusted.
    if (fate === 'repeated') {
      const trusted = epoch === 1 || this.#state === 'connecting';
      for (const datagram of this.#handshake.onRepeat(now, trusted)) this.#datagrams.push(datagram);
    }
    if (fate === 'late') this.#refuseRenegotiation(epoch, now);
  }

  /** Does what the handshake's progress calls for. */
  #follow(now: Instant): void {
    const handshaker = this.#handshaker;
    if (handshaker === undefined) return;
    const { reading, retransmitAt, complete } = handshaker;
    if (retransmitAt === undefined) this.#timers.stop('retransmit');
    else this.#timers.set('retransmit', retransmitAt);
    if (this.#opener === undefined && reading !== undefined) {
      this.#opener = new RecordOpener(reading);
      this.#openEarly(now);
    }
    if (complete && this.#state === 'connecting') this.#complete(handshaker, now);
  }

  #openEarly(now: Instant): void {
    for (const record of this.#early.take()) if (this.#open) this.#onSealed(record, 0, record.length, now);
  }

  #complete(handshaker: Handshaker, now: Instant): void {
    const concluded = handshaker.conclude();
    this.#handshake = concluded;
    this.#state = 'connected';
    this.#timers.clear();
    this.#events.push({ type: 'connected', cipherSuite: concluded.agreed.suite, srtpProfile: concluded.agreed.srtpProfile });
    this.#openEarly(now);
  }

  /** A new handshake is refused, and only when who asks is authenticated (RFC 5746 4.4, RFC 5246 7.2.2). */
  #refuseRenegotiation(epoch: number, now: Instant): void {
    this.#counters.add('dtls.unexpected');
    if (epoch === 0 || now - this.#refusedAt < REPEAT_INTERVAL_MS) return;
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
    if (++this.#warnings > this.#limits.maxWarningAlerts) this.#fail('alert-limit', 'too many warning alerts', Alert.unexpectedMessage);
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
    this.#handshake.forget();
    this.#early.take();
    this.#opener = undefined;
    if (state === 'failed') this.#data.clear();
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
}
