import type { Datagram, TransportAddress } from '../../src/core/index.ts';
import type { LocalCandidate } from '../../src/ice/index.ts';
import { type CandidateErrorEvent, Gatherer, type GathererConfig, type GathererEvent, type GathererInterface, parseIceServerUrl } from '../../src/peer/gatherer/index.ts';
import { decodeStun, StunAttribute, StunBuilder, StunClass, StunMethod } from '../../src/stun/index.ts';
import { at, environment } from './ice.ts';

export function iface(address: string): GathererInterface {
  const family = address.includes(':') ? 6 : 4;
  return { address, family, isLoopback: address === '127.0.0.1' || address === '::1' };
}

export const LAN: readonly GathererInterface[] = ['127.0.0.1', '::1', '192.168.1.5', '10.0.0.7', '2001:db8::5', 'fe80::1%eth0'].map(iface);

/** A gatherer in virtual time with servers that are functions. */
export class GathererBench {
  readonly gatherer: Gatherer;
  readonly events: (GathererEvent & { at: number })[] = [];
  readonly sent: (Datagram & { at: number })[] = [];
  now = 0;
  /** What a server answers; `undefined` is silence. */
  server: (request: Datagram) => Uint8Array | undefined = () => undefined;
  names: Readonly<Record<string, readonly string[]>> = {};

  constructor(urls: readonly string[], config: Omit<GathererConfig, 'servers'> = {}) {
    this.gatherer = new Gatherer({ servers: urls.map(parseIceServerUrl), ...config }, environment(1));
  }

  bind(local: string, interfaces: readonly GathererInterface[] = LAN): TransportAddress {
    const address = at(local);
    this.gatherer.handleEvent({ type: 'socket', local: address, interfaces }, this.now);
    return address;
  }

  done(): void {
    this.gatherer.handleEvent({ type: 'sockets-done' }, this.now);
  }

  /** Runs to completion or for `limitMs`; returns when gathering completed. */
  run(limitMs = 60_000): number | undefined {
    const end = this.now + limitMs;
    for (;;) {
      this.#drain();
      const complete = this.events.find((e) => e.type === 'complete');
      if (complete) return complete.at;
      const next = this.gatherer.pollTimeout();
      if (!next || next.at > end) return undefined;
      this.now = Math.max(this.now, next.at);
      this.gatherer.handleTimeout(this.now);
    }
  }

  get candidates(): LocalCandidate[] {
    return this.events.flatMap((e) => (e.type === 'candidate' ? [e.candidate] : []));
  }

  get errors(): (CandidateErrorEvent & { at: number })[] {
    return this.events.flatMap((e) => (e.type === 'candidate-error' ? [e] : []));
  }

  #drain(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (let e = this.gatherer.pollEvent(); e; e = this.gatherer.pollEvent()) {
        busy = true;
        this.events.push({ ...e, at: this.now });
        if (e.type === 'resolve' && this.names[e.hostname]) {
          this.gatherer.handleEvent({ type: 'resolved', hostname: e.hostname, addresses: this.names[e.hostname] ?? [] }, this.now);
        }
      }
      for (let d = this.gatherer.pollWrite(); d; d = this.gatherer.pollWrite()) {
        busy = true;
        this.sent.push({ ...d, at: this.now });
        const answer = this.server(d);
        const datagram = answer && { bytes: answer, local: d.local, remote: d.remote };
        if (datagram && this.gatherer.owns(datagram)) this.gatherer.handleRead(datagram, this.now);
      }
    }
  }
}

export function mappedAnswer(request: Datagram, mapped: TransportAddress): Uint8Array {
  const { transactionId } = decodeStun(request.bytes);
  return new StunBuilder(StunClass.success, StunMethod.binding, transactionId).xorAddress(StunAttribute.xorMappedAddress, mapped).finish();
}

export function errorAnswer(request: Datagram, code: number, reason: string): Uint8Array {
  return new StunBuilder(StunClass.error, StunMethod.binding, decodeStun(request.bytes).transactionId).error(code, reason).finish();
}
