import { type Deadline, earlier, type Environment, type Instant, randomBytes, SparseQueue, TimerTable } from '../core/index.ts';
import { type DtlsConfig, type DtlsEvent, DtlsMachine, type DtlsState } from '../dtls/index.ts';
import { DEFAULT_DTLS_TIMEOUT_MS } from './config.ts';
import { HelloLog, RANDOM_BYTES } from './dtls-hello.ts';

/** How often a handshake is begun with a hello of its own, and how often one goes back to its hello, at most. */
const MAX_ATTEMPTS = 8;
const MAX_ROLLBACKS = 8;
/** A client that says nothing for so long after a failure is not going to try again. */
const SILENCE_MS = 5000;
/** Least time between two repetitions of the alert that ended an attempt. */
const ALERT_INTERVAL_MS = 200;

type Failure = DtlsEvent & { readonly type: 'failed' };

/**
 * The DTLS association of a transport. Until Finished, nothing of a handshake is authenticated: damage on the way looks
 * the same as a peer that lies, and UDP's checksum does not catch all of it. So a handshake that fails is repeated, a few
 * times and within its time limit. Each attempt proves everything anew: nothing is believed for having been repeated.
 *
 * A client goes back to its hello and lets the server's next repetition try its luck; only when that does not help, or the
 * server gives up, does it say a new one. A server cannot go back, since its signatures are part of the transcript: it
 * sends its alert and waits for a new hello.
 */
export class DtlsTransport {
  readonly #config: DtlsConfig;
  readonly #environment: Environment;
  // Since a handshake failed: what most never do.
  #timers: TimerTable<'silence'> | undefined;
  #datagrams: SparseQueue<Uint8Array> | undefined;
  readonly #events: SparseQueue<DtlsEvent> = new SparseQueue();
  readonly #hellos: HelloLog = new HelloLog();
  #machine: DtlsMachine;
  /** What the client's hello of this attempt is made from. */
  #helloRandom: Uint8Array | undefined;
  #attempts = 1;
  #rollbacks = 0;
  #deadline: Instant | undefined;
  /** The first failure that we found ourselves, or else what the peer said. */
  #failure: Failure | undefined;
  /** What told the peer of a failure. */
  #alert: Uint8Array | undefined;
  #alertAt: Instant = Number.NEGATIVE_INFINITY;
  #isOver = false;
  #wasConnected = false;

  /** Throws as {@link DtlsMachine} does. */
  constructor(config: DtlsConfig, environment: Environment) {
    this.#config = config;
    this.#environment = environment;
    if (config.role === 'client') this.#helloRandom = this.#newHelloRandom(); // a server has no hello to repeat
    this.#machine = this.#newMachine(config.handshakeTimeoutMs ?? DEFAULT_DTLS_TIMEOUT_MS);
  }

  /** The present attempt. */
  get machine(): DtlsMachine {
    return this.#machine;
  }

  /** Between two attempts the association is still connecting. */
  get state(): DtlsState {
    const { state } = this.#machine;
    if (this.#isOver) return 'failed';
    return this.#failure !== undefined && state === 'new' ? 'connecting' : state;
  }

  /** A client says hello; a server waits for it. */
  start(now: Instant): void {
    this.#deadline ??= now + (this.#config.handshakeTimeoutMs ?? DEFAULT_DTLS_TIMEOUT_MS);
    if (this.#config.role === 'client') this.#machine.start(now);
  }

  handleRead(datagram: Uint8Array, now: Instant): void {
    if (this.#isOver) return;
    if (this.#config.role === 'server' && !this.#wasConnected && !this.#admit(datagram, now)) return;
    this.#machine.handleRead(datagram, now);
    this.#follow(now);
  }

  /** The next piece of decrypted application data. */
  pollRead(): Uint8Array | undefined {
    return this.#machine.pollRead();
  }

  sealInPlace(packet: Uint8Array): Uint8Array {
    return this.#machine.sealInPlace(packet);
  }

  /** A record of data that shares a datagram with what waits here. */
  handleWrite(packet: Uint8Array, now: Instant): void {
    this.#machine.handleWrite(packet, now);
  }

  pollWrite(): Uint8Array | undefined {
    return this.#datagrams?.shift() ?? this.#machine.pollWrite();
  }

  pollEvent(): DtlsEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    if (this.#timers?.expire(now) !== undefined) return this.#end();
    this.#machine.handleTimeout(now);
    this.#follow(now);
  }

  pollTimeout(): Deadline | undefined {
    const deadline = this.#machine.pollTimeout();
    return this.#timers === undefined ? deadline : earlier(deadline, this.#timers.next());
  }

  close(now: Instant): void {
    this.#timers?.clear();
    this.#machine.close(now);
  }

  #newMachine(timeoutMs: number): DtlsMachine {
    const helloRandom = this.#helloRandom;
    const config = { ...this.#config, handshakeTimeoutMs: timeoutMs };
    return new DtlsMachine(helloRandom === undefined ? config : { ...config, helloRandom }, this.#environment);
  }

  #newHelloRandom(): Uint8Array {
    return randomBytes(this.#environment.random, RANDOM_BYTES);
  }

  /** Whether a server's machine may see a datagram before the handshake is complete. */
  #admit(datagram: Uint8Array, now: Instant): boolean {
    switch (this.#hellos.judge(datagram)) {
      case 'stale':
        return false;
      case 'new':
        this.#timers?.stop('silence');
        if (this.#machine.state !== 'new') this.#renew(now);
        return true;
      case 'current':
        return true;
      case 'none':
        if (this.#machine.state !== 'new' || this.#alert === undefined) return true;
        this.#repeatAlert(now);
        return false;
    }
  }

  #follow(now: Instant): void {
    for (let event = this.#machine.pollEvent(); event !== undefined; event = this.#machine.pollEvent()) {
      if (event.type === 'failed' && !this.#wasConnected) return this.#onFailure(event, now);
      if (event.type === 'connected') this.#onConnected();
      this.#events.push(event);
    }
  }

  #onConnected(): void {
    this.#wasConnected = true;
    this.#failure = undefined;
    this.#alert = undefined;
    this.#helloRandom = undefined;
    this.#hellos.forget();
    this.#timers?.clear();
  }

  #onFailure(failure: Failure, now: Instant): void {
    const isPeers = failure.reason === 'peer-alert';
    if (this.#failure === undefined || (this.#failure.reason === 'peer-alert' && !isPeers)) this.#failure = failure;
    const isInTime = failure.reason !== 'timeout' && (this.#deadline === undefined || now < this.#deadline);
    if (this.#config.role === 'server') {
      this.#keepAlert();
      if (!isInTime || this.#attempts >= MAX_ATTEMPTS) return this.#end();
      (this.#timers ??= new TimerTable()).set('silence', now + SILENCE_MS);
      return this.#renew(now);
    }
    if (isInTime && !isPeers && this.#rollbacks < MAX_ROLLBACKS) {
      this.#rollbacks++;
      return this.#rollBack(now);
    }
    this.#keepAlert();
    if (!isInTime || !isPeers || this.#attempts >= MAX_ATTEMPTS) return this.#end();
    this.#helloRandom = this.#newHelloRandom();
    this.#renew(now);
    this.start(now);
  }

  /** The same hello again; what the server says to it is looked at anew. */
  #rollBack(now: Instant): void {
    this.#machine = this.#newMachine(this.#timeLeft(now));
    this.start(now);
  }

  #renew(now: Instant): void {
    this.#attempts++;
    this.#machine = this.#newMachine(this.#timeLeft(now));
  }

  #timeLeft(now: Instant): number {
    return Math.max(1, (this.#deadline ?? now + DEFAULT_DTLS_TIMEOUT_MS) - now);
  }

  /** Takes what the failed machine has to say, so that it can be said again if it is lost. */
  #keepAlert(): void {
    for (let datagram = this.#machine.pollWrite(); datagram !== undefined; datagram = this.#machine.pollWrite()) {
      (this.#datagrams ??= new SparseQueue()).push(datagram);
      this.#alert = datagram.slice();
    }
  }

  /** The client goes on with an attempt that is over here: the alert was lost. */
  #repeatAlert(now: Instant): void {
    if (this.#alert === undefined || now - this.#alertAt < ALERT_INTERVAL_MS) return;
    this.#alertAt = now;
    (this.#datagrams ??= new SparseQueue()).push(this.#alert.slice());
  }

  #end(): void {
    this.#isOver = true;
    this.#timers?.clear();
    if (this.#failure !== undefined) this.#events.push(this.#failure);
  }
}
