import assert from 'node:assert/strict';
import { nodeCrypto } from '../../src/crypto/node.ts';
import { type Environment, Writer } from '../../src/core/index.ts';
import { Certificate, type DtlsConfig, type DtlsEvent, DtlsMachine } from '../../src/dtls/index.ts';
import { RecordWriter } from '../../src/dtls/record/writer.ts';
import { Outbox } from '../../src/dtls/v12/outbox.ts';
import { seededRandom } from './fuzz.ts';

/** An environment of a seed. Its wall time begins at 2026-01-01. */
export function environmentOf(seed: number): Environment {
  return { crypto: nodeCrypto, random: seededRandom(seed), unixOffsetMs: Date.UTC(2026, 0, 1) };
}

const certificates = new Map<string, Certificate>();

/** A certificate that is made once for each kind and owner. */
export function certificateOf(owner: string, keyKind: 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048' = 'ecdsa-p256'): Certificate {
  const name = `${owner} ${keyKind}`;
  let certificate = certificates.get(name);
  if (certificate === undefined) {
    certificate = Certificate.generate({ keyKind, now: 0 }, environmentOf(certificates.size + 1));
    certificates.set(name, certificate);
  }
  return certificate;
}

export interface PairOptions {
  readonly seed?: number;
  readonly client?: Partial<DtlsConfig>;
  readonly server?: Partial<DtlsConfig>;
}

export type Side = 'client' | 'server';

/** What happens to a datagram on its way: it is replaced by these (none: lost). */
export type Wire = (from: Side, datagram: Uint8Array, index: number) => readonly Uint8Array[];

/** A client and a server in one place, with a clock that jumps to the next deadline. */
export class DtlsPair {
  readonly client: DtlsMachine;
  readonly server: DtlsMachine;
  readonly events: Record<Side, DtlsEvent[]> = { client: [], server: [] };
  readonly data: Record<Side, Uint8Array[]> = { client: [], server: [] };
  /** Every datagram that was sent, copied. */
  readonly sent: { readonly from: Side; readonly bytes: Uint8Array }[] = [];
  readonly latencyMs: number;
  wire: Wire = (_from, datagram) => [datagram];
  now = 0;
  readonly #flying: { readonly at: number; readonly to: Side; readonly bytes: Uint8Array }[] = [];

  constructor(options: PairOptions = {}, latencyMs = 1, environments?: Readonly<Record<Side, Environment>>) {
    const seed = options.seed ?? 1;
    const clientCertificate = options.client?.certificate ?? certificateOf('client');
    const serverCertificate = options.server?.certificate ?? certificateOf('server');
    this.latencyMs = latencyMs;
    this.client = new DtlsMachine(
      { role: 'client', certificate: clientCertificate, remoteFingerprints: [serverCertificate.fingerprint()], ...options.client },
      environments?.client ?? environmentOf(1000 + seed),
    );
    this.server = new DtlsMachine(
      { role: 'server', certificate: serverCertificate, remoteFingerprints: [clientCertificate.fingerprint()], ...options.server },
      environments?.server ?? environmentOf(2000 + seed),
    );
  }

  machine(side: Side): DtlsMachine {
    return side === 'client' ? this.client : this.server;
  }

  start(): this {
    this.server.start(this.now);
    this.client.start(this.now);
    this.collect();
    return this;
  }

  /** Takes what the machines have to say. */
  collect(): void {
    for (const side of ['client', 'server'] as const) {
      const machine = this.machine(side);
      for (let bytes = machine.pollWrite(); bytes; bytes = machine.pollWrite()) {
        const index = this.sent.length;
        this.sent.push({ from: side, bytes: bytes.slice() });
        for (const arriving of this.wire(side, bytes, index))
          this.#flying.push({ at: this.now + this.latencyMs, to: side === 'client' ? 'server' : 'client', bytes: arriving.slice() });
      }
      for (let event = machine.pollEvent(); event; event = machine.pollEvent()) this.events[side].push(event);
      for (let data = machine.pollRead(); data; data = machine.pollRead()) this.data[side].push(data.slice());
    }
  }

  /** One step: the next datagrams arrive or the next timer fires. False when nothing is left to happen by `until`. */
  step(until = Number.POSITIVE_INFINITY): boolean {
    const arrival = this.#flying.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
    const timer = Math.min(this.client.pollTimeout()?.at ?? Number.POSITIVE_INFINITY, this.server.pollTimeout()?.at ?? Number.POSITIVE_INFINITY);
    const next = Math.min(arrival, timer);
    if (next === Number.POSITIVE_INFINITY || next > until) return false;
    this.now = Math.max(this.now, next);
    if (arrival <= timer) {
      const index = this.#flying.findIndex(({ at }) => at === arrival);
      const { to, bytes } = this.#flying.splice(index, 1)[0] as { to: Side; bytes: Uint8Array };
      this.machine(to).handleRead(bytes, this.now);
    } else {
      this.client.handleTimeout(this.now);
      this.server.handleTimeout(this.now);
    }
    this.collect();
    return true;
  }

  /** Runs until both are connected, one has ended, or `limitMs` have passed. */
  handshake(limitMs = 60_000): this {
    this.start();
    const until = this.now + limitMs;
    while (!(this.client.state === 'connected' && this.server.state === 'connected') && this.step(until));
    return this;
  }

  /** Runs until nothing flies and no timer is due within `ms`. */
  settle(ms = 0): this {
    const until = this.now + ms + this.latencyMs;
    this.collect();
    while (this.step(until));
    return this;
  }

  /** Sends application data. */
  send(from: Side, data: Uint8Array): void {
    this.machine(from).handleWrite(data, this.now);
    this.collect();
  }
}

/** The records of a datagram: content type, epoch, and where they lie. */
export function recordsOf(datagram: Uint8Array): { readonly type: number; readonly epoch: number; readonly sequence: number; readonly bytes: Uint8Array }[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  const records = [];
  for (let at = 0; at < datagram.length; ) {
    const length = 13 + view.getUint16(at + 11);
    records.push({ type: view.getUint8(at), epoch: view.getUint16(at + 3), sequence: view.getUint16(at + 5) * 2 ** 32 + view.getUint32(at + 7), bytes: datagram.subarray(at, at + length) });
    at += length;
  }
  return records;
}

/** A message of a handshake: type and body. */
export type Message = readonly [type: number, body: Uint8Array];

/**
 * Runs `body` with senders that lie: `message` says what really goes out in place of each handshake message, and
 * `changeCipherSpec: false` leaves ChangeCipherSpec out. The lie enters the sender's own transcript, so nothing but the
 * receiver's rules can find it.
 */
export function withLies<T>(lies: { readonly message?: (message: Message) => readonly Message[]; readonly changeCipherSpec?: false }, body: () => T): T {
  const { message, changeCipherSpec } = Outbox.prototype;
  Outbox.prototype.message = function (this: Outbox, type, content) {
    for (const [t, b] of lies.message?.([type, content]) ?? [[type, content] as const]) message.call(this, t as typeof type, b);
  };
  if (lies.changeCipherSpec === false) Outbox.prototype.changeCipherSpec = () => {};
  try {
    return body();
  } finally {
    Object.assign(Outbox.prototype, { message, changeCipherSpec });
  }
}

/** Sends `content` from a connected side as a sealed record of another type. */
export function sendSealed(pair: DtlsPair, from: Side, type: number, content: Uint8Array): void {
  const { seal } = RecordWriter.prototype;
  RecordWriter.prototype.seal = function (this: RecordWriter, _type, buffer, start, end) {
    return seal.call(this, type, buffer, start, end);
  };
  try {
    pair.machine(from).handleWrite(content, pair.now);
  } finally {
    RecordWriter.prototype.seal = seal;
  }
  pair.collect();
}

/** A record in the clear. */
export function plainRecord(type: number, content: Uint8Array, sequence = 0, epoch = 0, version = 0xfefd): Uint8Array {
  const writer = new Writer(13 + content.length);
  return writer.u8(type).u16(version).u16(epoch).u48(sequence).u16(content.length).append(content).finish().slice();
}

/** A handshake fragment; by default the whole message. */
export function fragmentOf(type: number, sequence: number, body: Uint8Array, length: number = body.length, offset = 0): Uint8Array {
  return new Writer(12 + body.length).u8(type).u24(length).u16(sequence).u24(offset).u24(body.length).append(body).finish().slice();
}

/** How a side ended, in short. */
export function endOf(pair: DtlsPair, side: Side): { readonly reason: string; readonly alert: number | undefined } | undefined {
  for (const event of pair.events[side]) if (event.type === 'failed') return { reason: event.reason, alert: event.alert };
  return undefined;
}

/** Runs a handshake in which the datagrams with these numbers are lost. */
export function withoutDatagrams(lost: readonly number[], options: PairOptions, latencyMs = 1): DtlsPair {
  const pair = new DtlsPair(options, latencyMs);
  pair.wire = (_from, datagram, index) => (lost.includes(index) ? [] : [datagram]);
  return pair.handshake();
}

/** Both sides are connected under the same keys. */
export function assertComplete(pair: DtlsPair, what: string): void {
  assert.equal(pair.client.state, 'connected', `${what}: ${JSON.stringify(pair.events)}`);
  assert.equal(pair.server.state, 'connected', `${what}: ${JSON.stringify(pair.events)}`);
  assert.deepEqual(pair.client.exportKeyingMaterial('x', 16), pair.server.exportKeyingMaterial('x', 16));
}
