import { type ChannelHandle, type ChannelMessage, type DataChannelEvent, DataChannels, type DataChannelsConfig } from '../../src/datachannel/index.ts';
import { type LinkOptions, sctpEnvironment, type Side, SctpWorld } from './sctp.ts';
import type { SctpConfig } from '../../src/sctp/index.ts';

/** Channels on one side of a world, wired as a peer wires them. */
export class ChannelSide {
  readonly channels: DataChannels;
  readonly side: Side;
  readonly events: DataChannelEvent[] = [];
  readonly messages: ChannelMessage[] = [];
  /** Set to false to leave messages unread. */
  reads = true;
  #seen = 0;

  constructor(side: Side, config: DataChannelsConfig) {
    this.side = side;
    this.channels = new DataChannels(config, sctpEnvironment(9));
    side.reads = false;
    side.onTurn = (now) => this.pump(now);
  }

  pump(now: number): void {
    const { channels, side } = this;
    const { association } = side;
    while (this.#seen < side.events.length) channels.handleEvent(side.events[this.#seen++]!, now);
    for (let m = association.pollRead(); m !== undefined; m = association.pollRead()) channels.handleRead(m, now);
    for (let e = channels.pollEvent(); e !== undefined; e = channels.pollEvent()) this.events.push(e);
    if (this.reads) for (let m = channels.pollRead(); m !== undefined; m = channels.pollRead()) this.messages.push(m);
    for (let w = channels.pollWrite(); w !== undefined; w = channels.pollWrite()) association.handleWrite(w, now);
    for (let c = channels.pollCommand(); c !== undefined; c = channels.pollCommand()) {
      if (c.type === 'reset') association.resetStreams(c.streamIds, now);
      else association.release(c.bytes);
    }
  }

  /** The events of one type. */
  of<T extends DataChannelEvent['type']>(type: T): Extract<DataChannelEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<DataChannelEvent, { type: T }> => event.type === type);
  }

  incoming(label: string): ChannelHandle | undefined {
    return this.of('incoming').find((event) => event.channel.label === label)?.channel;
  }
}

/** Two sides with channels in virtual time; a is the DTLS client. */
export class ChannelWorld {
  readonly world: SctpWorld;
  readonly a: ChannelSide;
  readonly b: ChannelSide;

  constructor(options: { seed?: number; link?: LinkOptions; a?: SctpConfig; b?: SctpConfig; channels?: DataChannelsConfig } = {}) {
    const { seed = 1, link = {}, channels = {} } = options;
    const base = { windowRelease: 'explicit' } as const;
    this.world = new SctpWorld({ seed, link, a: { ...base, ...options.a }, b: { ...base, ...options.b } });
    this.a = new ChannelSide(this.world.a, channels);
    this.b = new ChannelSide(this.world.b, channels);
  }

  get now(): number {
    return this.world.now;
  }

  connect(): this {
    this.a.channels.setRole('client', this.now);
    this.b.channels.setRole('server', this.now);
    this.world.a.association.connect(this.now);
    this.world.b.association.connect(this.now);
    this.world.run(60_000, () => this.world.a.association.state === 'established' && this.world.b.association.state === 'established');
    return this;
  }

  run(ms: number, done?: () => boolean): boolean {
    return this.world.run(ms, done);
  }
}
