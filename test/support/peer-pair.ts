import type { Datagram, Environment, TransportAddress } from '../../src/core/index.ts';
import type { ChannelHandle } from '../../src/datachannel/index.ts';
import { Peer, type PeerConfig, type PeerEvent } from '../../src/peer/index.ts';
import { reproducibleCrypto } from '../../src/crypto/reproducible.ts';
import { seededRandom } from './fuzz.ts';

const CONFIG: PeerConfig = { iceServers: [], iceTransportPolicy: 'all', bundlePolicy: 'balanced', certificates: [] };

/** One peer of a pair, with what it reported. */
export interface Side {
  readonly peer: Peer;
  readonly address: TransportAddress;
  readonly events: PeerEvent[];
  /** Everything it sent. */
  readonly sent: Datagram[];
}

/** Two Sans-I/O peers with nothing between them but this object: no socket, no clock, no promise. */
export class PeerPair {
  readonly a: Side;
  readonly b: Side;
  now = 0;
  /** Sees every datagram on its way; false loses it. */
  filter: (datagram: Datagram, from: Side) => boolean = () => true;

  constructor(seed = 1, config: Partial<PeerConfig> = {}, configB: Partial<PeerConfig> = config) {
    this.a = makeSide(seed * 2, '10.0.0.1', config);
    this.b = makeSide(seed * 2 + 1, '10.0.0.2', configB);
  }

  other(side: Side): Side {
    return side === this.a ? this.b : this.a;
  }

  /** Offer, answer and all candidates. */
  negotiate(): void {
    this.a.peer.setLocalDescription(undefined, this.now);
    this.exchange();
    this.b.peer.setRemoteDescription(this.a.peer.localDescription!, this.now);
    this.b.peer.setLocalDescription(undefined, this.now);
    this.exchange();
    this.a.peer.setRemoteDescription(this.b.peer.localDescription!, this.now);
  }

  /** Delivers what is ready, without letting time pass. */
  exchange(): void {
    for (let round = 0; round < 1000; round++) {
      let moved = false;
      for (const side of [this.a, this.b]) {
        side.peer.handleTimeout(this.now);
        for (let datagram = side.peer.pollWrite(); datagram; datagram = side.peer.pollWrite()) {
          moved = true;
          side.sent.push({ ...datagram, bytes: datagram.bytes.slice() });
          if (this.filter(datagram, side)) this.other(side).peer.handleRead({ bytes: datagram.bytes.slice(), local: datagram.remote, remote: side.address }, this.now);
        }
        for (let event = side.peer.pollEvent(); event; event = side.peer.pollEvent()) side.events.push(event);
      }
      if (!moved) return;
    }
    throw new Error('the peers never stop talking');
  }

  /** Lets time pass, timer by timer. */
  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      this.exchange();
      const next = Math.min(...[this.a, this.b].map(({ peer }) => peer.pollTimeout()?.at ?? Infinity));
      if (next > end) break;
      this.now = Math.max(next, this.now);
    }
    this.now = end;
    this.exchange();
  }

  /** Runs until a condition holds; fails when it does not within `ms`. */
  runUntil(condition: () => boolean, ms = 10_000): void {
    for (const end = this.now + ms; !condition(); ) {
      if (this.now >= end) throw new Error(`not reached in ${ms} ms of virtual time`);
      this.run(5);
    }
  }

  /** Connects with one channel open on both sides. */
  connect(): { readonly channelA: ChannelHandle; readonly channelB: ChannelHandle } {
    const channelA = this.a.peer.openChannel({ label: 'test', protocol: '', ordered: true, negotiated: false }, this.now);
    this.negotiate();
    const isOpen = (event: PeerEvent): boolean => event.type === 'channel-open' && event.channel === channelA;
    this.runUntil(() => this.a.events.some(isOpen) && this.b.events.some(({ type }) => type === 'data-channel'));
    const incoming = this.b.events.find((event) => event.type === 'data-channel') as PeerEvent & { type: 'data-channel' };
    return { channelA, channelB: incoming.channel };
  }
}

function makeSide(seed: number, ip: string, config: Partial<PeerConfig>): Side {
  const environment: Environment = { crypto: reproducibleCrypto, random: seededRandom(seed), unixOffsetMs: 1_700_000_000_000 };
  const peer = new Peer({ ...CONFIG, ...config }, environment, 0);
  const address = { address: ip, port: 5000 };
  const interfaces = [{ name: 'eth0', address: ip, family: 4 as const, prefixLength: 24, isLoopback: false }];
  peer.handleEvent({ type: 'socket', local: address, interfaces }, 0);
  peer.handleEvent({ type: 'sockets-done' }, 0);
  return { peer, address, events: [], sent: [] };
}
