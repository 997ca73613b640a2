import { nodeCrypto } from '../../src/crypto/node.ts';
import type { Environment } from '../../src/core/index.ts';
import { Certificate, type DtlsConfig, type DtlsEvent, DtlsMachine } from '../../src/dtls/index.ts';
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

  constructor(options: PairOptions = {}, latencyMs = 1) {
    const seed = options.seed ?? 1;
    const clientCertificate = options.client?.certificate ?? certificateOf('client');
    const serverCertificate = options.server?.certificate ?? certificateOf('server');
    this.latencyMs = latencyMs;
    this.client = new DtlsMachine(
      { role: 'client', certificate: clientCertificate, remoteFingerprints: [serverCertificate.fingerprint()], ...options.client },
      environmentOf(1000 + seed),
    );
    this.server = new DtlsMachine(
      { role: 'server', certificate: serverCertificate, remoteFingerprints: [clientCertificate.fingerprint()], ...options.server },
      environmentOf(2000 + seed),
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
