import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeUtf8, type RtcError, toHex } from '../../../src/core/index.ts';
import { DataChannels, decodeDcep, encodeAck, encodeOpen, type OpenMessage, Ppid } from '../../../src/datachannel/index.ts';
import { ChannelWorld } from '../../support/datachannel.ts';
import { payload, sctpEnvironment } from '../../support/sctp.ts';

const reliable: OpenMessage = { ordered: true, maxRetransmits: undefined, maxPacketLifeTimeMs: undefined, priority: 256, label: '', protocol: '' };

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as RtcError).code;
  }
}

test('OPEN and ACK are the bytes of RFC 8832 5', () => {
  assert.equal(toHex(encodeOpen({ ...reliable, label: 'ab', protocol: 'c' })), '030001000000000000020001616263');
  assert.equal(toHex(encodeOpen({ ...reliable, ordered: false, maxRetransmits: 3, priority: 128 })), '038100800000000300000000');
  assert.equal(toHex(encodeOpen({ ...reliable, maxPacketLifeTimeMs: 500, priority: 1024 })), '03020400000001f400000000');
  assert.equal(toHex(encodeAck()), '02');
  for (const open of [reliable, { ...reliable, ordered: false, maxRetransmits: 0 }, { ...reliable, maxPacketLifeTimeMs: 65_535, label: 'héllo', protocol: '☃' }]) {
    assert.deepEqual(decodeDcep(encodeOpen(open)), { type: 'open', open });
  }
});

test('channels open both ways with ids by role, parameters intact (RFC 8832 6)', () => {
  const world = new ChannelWorld({ link: { delayMs: 5 } });
  const a = [
    world.a.channels.open({ label: 'one' }, 0),
    world.a.channels.open({ label: 'two', ordered: false, maxRetransmits: 2, protocol: 'p' }, 0),
    world.a.channels.open({ label: 'three', maxPacketLifeTimeMs: 100, priority: 1024 }, 0),
  ];
  const b = world.b.channels.open({ label: '' }, 0);
  assert.deepEqual(a.map((channel) => [channel.id, channel.state]), [[undefined, 'connecting'], [undefined, 'connecting'], [undefined, 'connecting']]);
  world.connect();
  assert.deepEqual([...a, b].map((channel) => channel.id), [0, 2, 4, 1]);
  world.run(50);
  assert.deepEqual([...a, b].map((channel) => channel.state), ['open', 'open', 'open', 'open']);
  const seen = world.b.of('incoming').map(({ channel }) => channel);
  assert.deepEqual(seen.map(({ label, ordered, maxRetransmits, maxPacketLifeTimeMs, protocol, priority, id }) => ({ label, ordered, maxRetransmits, maxPacketLifeTimeMs, protocol, priority, id })), [
    { label: 'one', ordered: true, maxRetransmits: undefined, maxPacketLifeTimeMs: undefined, protocol: '', priority: 256, id: 0 },
    { label: 'two', ordered: false, maxRetransmits: 2, maxPacketLifeTimeMs: undefined, protocol: 'p', priority: 256, id: 2 },
    { label: 'three', ordered: true, maxRetransmits: undefined, maxPacketLifeTimeMs: 100, protocol: '', priority: 1024, id: 4 },
  ]);
  const later = world.b.channels.open({ label: 'later' }, world.now);
  assert.equal(later.id, 3);
});

test('text, binary and empty messages arrive as what they are (RFC 8831 6.6)', () => {
  const world = new ChannelWorld({ link: { delayMs: 5 } });
  const channel = world.a.channels.open({ label: 'x' }, 0);
  world.connect();
  world.run(50);
  const sent: [boolean, Uint8Array][] = [[true, payload(60_000, 1)], [false, encodeUtf8('grüß dich')], [true, new Uint8Array(0)], [false, new Uint8Array(0)], [true, Uint8Array.of(0)]];
  for (const [binary, data] of sent) world.a.channels.handleWrite({ channel, binary, data }, world.now);
  world.run(5000);
  assert.deepEqual(world.b.messages.map(({ binary, data }) => [binary, data]), sent);
  const remote = world.b.incoming('x')!;
  assert.deepEqual([remote.messagesReceived, remote.bytesReceived, channel.messagesSent, channel.bytesSent], [5, 60_012, 5, 60_012]);
  assert.equal(channel.bufferedAmount, 0);
  assert.equal(world.b.side.association.stats().receiveWindowBytes, 5 * 1024 * 1024);
});

test('the first message may follow the OPEN at once, in order until the ACK came even on unordered channels (RFC 8832 6)', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const world = new ChannelWorld({ seed, link: { delayMs: 20, jitterMs: 40, loss: 0.2 } });
    world.connect();
    const channel = world.a.channels.open({ label: 'x', ordered: false }, world.now);
    assert.equal(channel.state, 'open');
    for (let i = 0; i < 10; i++) world.a.channels.handleWrite({ channel, binary: true, data: payload(2000, i) }, world.now);
    assert.ok(world.run(600_000, () => world.b.messages.length === 10), `seed ${seed}`);
    world.b.messages.forEach(({ data }, i) => assert.deepEqual(data, payload(2000, i)));
  }
});

test('an OPEN leaves behind COOKIE ECHO: the channel is open in two round trips, and one that is closed before that is reset (RFC 9260 5.1)', () => {
  for (const closes of [false, true]) {
    const { a, b, world } = new ChannelWorld({ link: { delayMs: 10 } });
    a.channels.setRole('client', 0);
    b.channels.setRole('server', 0);
    const channel = a.channels.open({ label: 'x' }, 0);
    world.a.association.connect(0);
    world.run(25);
    assert.equal(channel.state, 'connecting');
    if (closes) a.channels.closeChannel(channel, world.now);
    world.run(5);
    assert.equal(b.incoming('x')?.state, 'open');
    world.run(10);
    assert.equal(channel.state, closes ? 'closing' : 'open');
    assert.equal(a.of('open').length, closes ? 0 : 1);
    world.run(1000);
    assert.deepEqual([channel.state, b.incoming('x')?.state], closes ? ['closed', 'closed'] : ['open', 'open']);
  }
});

test('negotiated channels need no OPEN and no role (RFC 8831 6.5)', () => {
  const world = new ChannelWorld({ link: { delayMs: 5 } });
  const a = world.a.channels.open({ label: 'n', negotiated: true, id: 9, ordered: false }, 0);
  const b = world.b.channels.open({ label: 'n', negotiated: true, id: 9, ordered: false }, 0);
  assert.equal(a.id, 9);
  assert.equal(codeOf(() => world.a.channels.open({ label: 'm', negotiated: true, id: 9 }, 0)), 'ERR_OPERATION');
  world.connect();
  world.run(20);
  assert.deepEqual([a.state, b.state], ['open', 'open']);
  world.a.channels.handleWrite({ channel: a, binary: false, data: encodeUtf8('hi') }, world.now);
  world.run(100);
  assert.equal(world.b.messages[0]?.channel, b);
  assert.deepEqual([world.a.of('incoming').length, world.b.of('incoming').length], [0, 0]);
  // Our own choice of ids steps round it.
  const ids = Array.from({ length: 6 }, () => world.b.channels.open({ label: 'x' }, world.now).id);
  assert.deepEqual(ids, [1, 3, 5, 7, 11, 13]);
});

test('close resets both directions, both ends hear it, and the id is used again only then (RFC 8831 6.7)', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const world = new ChannelWorld({ seed, link: { delayMs: 20, jitterMs: seed % 2 ? 0 : 30, loss: seed > 10 ? 0.25 : 0 } }).connect();
    for (let round = 0; round < 5; round++) {
      const channel = world.a.channels.open({ label: `round ${round}` }, world.now);
      assert.equal(channel.id, 0, `seed ${seed}, round ${round}`);
      world.a.channels.handleWrite({ channel, binary: true, data: payload(5000, round) }, world.now);
      if (round % 2 === 0) world.a.channels.closeChannel(channel, world.now);
      else {
        world.run(600_000, () => world.b.incoming(`round ${round}`) !== undefined && world.b.messages.length === round + 1);
        world.b.channels.closeChannel(world.b.incoming(`round ${round}`)!, world.now);
      }
      assert.notEqual(codeOf(() => world.a.channels.handleWrite({ channel, binary: true, data: payload(5, 1) }, world.now)), round % 2 === 0 ? undefined : 'ERR_CLOSED');
      assert.ok(world.run(900_000, () => channel.state === 'closed'), `seed ${seed}, round ${round}`);
      assert.equal(world.b.messages.length, round + 1, 'what was written before the close arrived');
    }
    world.run(60_000, () => world.b.of('closed').length === 5);
    assert.deepEqual([world.a.of('closed').length, world.b.of('closed').length], [5, 5], `seed ${seed}`);
    for (const side of [world.a, world.b]) for (const event of side.of('closed')) assert.equal(event.reason, 'closed');
    assert.equal(world.a.side.association.state, 'established');
  }
});

test('both ends close at once', () => {
  const world = new ChannelWorld({ link: { delayMs: 10 } });
  const channel = world.a.channels.open({ label: 'x' }, 0);
  world.connect();
  world.run(100);
  world.a.channels.closeChannel(channel, world.now);
  world.b.channels.closeChannel(world.b.incoming('x')!, world.now);
  world.run(2000);
  assert.deepEqual([world.a.of('closed').length, world.b.of('closed').length, world.a.of('closing').length, world.b.of('closing').length], [1, 1, 0, 0]);
});

test('A-SCTP-23 channels opened and closed again and again reuse ids and leave no timer and no memory', () => {
  const world = new ChannelWorld({ link: { delayMs: 1 } }).connect();
  const ids = new Set<number>();
  const cycle = (times: number): void => {
    for (let i = 0; i < times; i++) {
      const channels = Array.from({ length: 20 }, () => world.a.channels.open({ label: 'x' }, world.now));
      for (const channel of channels) ids.add(channel.id as number);
      world.run(5);
      for (const channel of channels) world.a.channels.closeChannel(channel, world.now);
      world.run(5000, () => channels.every((channel) => channel.state === 'closed'));
      world.run(500);
      for (const side of [world.a, world.b]) side.events.length = 0;
    }
  };
  cycle(20);
  world.a.side.events.splice(0, 0);
  cycle(480);
  assert.equal(ids.size, 20);
  assert.equal(world.a.side.association.pollTimeout()?.reason, 'heartbeat');
  assert.equal(world.b.side.association.pollTimeout()?.reason, 'heartbeat');
  assert.equal(world.b.side.association.stats().receiveWindowBytes, 5 * 1024 * 1024);
});

test('bufferedAmount counts what is not in packets yet, and falls with an event per turn', () => {
  const world = new ChannelWorld({ link: { delayMs: 20 } });
  const channel = world.a.channels.open({ label: 'x' }, 0);
  world.connect();
  world.run(100);
  for (let i = 0; i < 4; i++) world.a.channels.handleWrite({ channel, binary: true, data: payload(50_000, i) }, world.now);
  assert.equal(channel.bufferedAmount, 200_000);
  world.run(1000);
  assert.equal(channel.bufferedAmount, 0);
  const amounts = world.a.of('buffered').map((event) => event.bufferedBytes);
  assert.equal(amounts.at(-1), 0);
  assert.deepEqual(amounts, [...amounts].sort((x, y) => y - x));
  assert.ok(amounts.length < 60, `${amounts.length} events`);
});

test('misuse is answered with a code and changes nothing', () => {
  const world = new ChannelWorld({ link: { delayMs: 5 }, channels: { maxChannels: 3, remoteMaxMessageSizeBytes: 100, sendBufferBytes: 150 } });
  const { channels } = world.a;
  assert.equal(codeOf(() => channels.open({ label: 'x', maxRetransmits: 1, maxPacketLifeTimeMs: 1 }, 0)), 'ERR_INVALID_ARGUMENT');
  assert.equal(codeOf(() => channels.open({ label: 'x', maxRetransmits: 65_536 }, 0)), 'ERR_INVALID_ARGUMENT');
  assert.equal(codeOf(() => channels.open({ label: 'x'.repeat(65_536) }, 0)), 'ERR_INVALID_ARGUMENT');
  assert.equal(codeOf(() => channels.open({ label: 'x', negotiated: true }, 0)), 'ERR_INVALID_ARGUMENT');
  assert.equal(codeOf(() => channels.open({ label: 'x', negotiated: true, id: 65_535 }, 0)), 'ERR_INVALID_ARGUMENT');
  const channel = channels.open({ label: 'x' }, 0);
  const write = (size: number) => codeOf(() => channels.handleWrite({ channel, binary: true, data: new Uint8Array(size) }, world.now));
  assert.equal(write(1), 'ERR_INVALID_STATE');
  world.connect();
  world.run(20);
  assert.equal(write(101), 'ERR_MESSAGE_TOO_LARGE');
  assert.equal(write(100), undefined);
  assert.equal(write(51), 'ERR_RESOURCE');
  assert.equal(channel.bufferedAmount, 100);
  channels.setRemoteMaxMessageSize(0);
  assert.equal(write(101), 'ERR_RESOURCE');
  world.run(100);
  assert.equal(write(101), undefined);
  channels.open({ label: 'x' }, 0);
  channels.open({ label: 'x' }, 0);
  assert.equal(codeOf(() => channels.open({ label: 'x' }, 0)), 'ERR_RESOURCE');
});

test('the end of the association closes all channels, with the reason', () => {
  for (const [end, reasons] of [['shutdown', ['closed', 'closed']], ['abort', ['closed', 'failed']]] as const) {
    const world = new ChannelWorld({ link: { delayMs: 5 } });
    const channel = world.a.channels.open({ label: 'x' }, 0);
    world.connect();
    world.run(100);
    world.a.side.association[end](world.now);
    world.run(1000);
    assert.deepEqual([world.a.of('closed')[0]?.reason, world.b.of('closed')[0]?.reason], reasons);
    assert.equal(channel.state, 'closed');
    assert.equal(codeOf(() => world.a.channels.open({ label: 'y' }, world.now)), 'ERR_INVALID_STATE');
  }
});

test('a channel whose id the association has no stream for is closed', () => {
  const world = new ChannelWorld({ a: { streams: 4 }, link: { delayMs: 5 } });
  const negotiated = world.a.channels.open({ label: 'n', negotiated: true, id: 4 }, 0);
  const channels = Array.from({ length: 3 }, () => world.a.channels.open({ label: 'x' }, 0));
  world.connect();
  world.run(50);
  assert.deepEqual(channels.map((channel) => channel.state), ['open', 'open', 'closed']);
  assert.equal(negotiated.state, 'closed');
  assert.ok(world.a.of('closed').every((event) => event.reason === 'no-stream'));
});

test('messages are read per channel or from any; what is not read closes the window', () => {
  const world = new ChannelWorld({ b: { receiveWindowBytes: 100_000 }, link: { delayMs: 5 } });
  const [one, two] = [world.a.channels.open({ label: '1' }, 0), world.a.channels.open({ label: '2' }, 0)];
  world.connect();
  world.run(50);
  world.b.reads = false;
  for (let i = 0; i < 20; i++) for (const channel of [one, two]) world.a.channels.handleWrite({ channel, binary: true, data: payload(5000, i) }, world.now);
  world.run(5000);
  const { channels } = world.b;
  assert.ok(world.a.side.association.totalBufferedAmount > 0);
  assert.equal(channels.pollReadable()?.label, '1');
  assert.equal(channels.pollReadable()?.label, '2');
  assert.equal(channels.pollReadable(), undefined);
  const second = world.b.incoming('2')!;
  assert.deepEqual(channels.pollReadChannel(second)?.data, payload(5000, 0));
  world.b.reads = true;
  world.run(60_000, () => world.b.messages.length === 39);
  assert.equal(world.b.messages.length, 39);
  assert.equal(world.b.side.association.stats().receiveWindowBytes, 100_000);
});

// What a peer may do wrong.

function lone(config = {}): { channels: DataChannels; read(streamId: number, ppid: number, data: Uint8Array): void; reset(): number[]; drain(): void; released(): number } {
  const channels = new DataChannels(config, sctpEnvironment(1));
  channels.setRole('client', 0);
  channels.handleEvent({ type: 'connected', streamsOut: 65_535, streamsIn: 65_535 }, 0);
  let released = 0;
  const commands = (): number[] => {
    while (channels.pollWrite() !== undefined); // a reset waits for them
    const ids: number[] = [];
    for (let c = channels.pollCommand(); c !== undefined; c = channels.pollCommand()) {
      if (c.type === 'reset') ids.push(...c.streamIds);
      else released += c.bytes;
    }
    return ids;
  };
  return {
    channels,
    read: (streamId, ppid, data) => channels.handleRead({ streamId, ppid, data }, 0),
    reset: commands,
    drain: () => {
      while (channels.pollWrite() !== undefined);
    },
    released: () => (commands(), released),
  };
}

test('A-DCEP-01 an OPEN that lies, is too long, not UTF-8, of unknown type or on our parity is refused by a reset', () => {
  const open = encodeOpen({ ...reliable, label: 'label', protocol: 'proto' });
  const cases: [string, number, Uint8Array][] = [
    ['label length', 1, Uint8Array.from(open, (byte, i) => (i === 9 ? 200 : byte))],
    ['protocol length', 1, Uint8Array.from(open, (byte, i) => (i === 11 ? 1 : byte))],
    ['label of 65,535 bytes', 1, encodeOpen({ ...reliable, label: 'x'.repeat(65_535) })],
    ['label over the limit', 1, encodeOpen({ ...reliable, label: 'x'.repeat(8193) })],
    ['bytes that are not UTF-8', 1, Uint8Array.from(open, (byte, i) => (i === 12 ? 0xff : byte))],
    ['channel type', 1, Uint8Array.from(open, (byte, i) => (i === 1 ? 3 : byte))],
    ['message type', 1, Uint8Array.of(9, 9)],
    ['nothing', 1, new Uint8Array(0)],
    ['parity', 2, open],
  ];
  for (const [name, streamId, data] of cases) {
    const peer = lone();
    peer.read(streamId, Ppid.DCEP, data);
    assert.deepEqual(peer.reset(), [streamId], name);
    assert.equal(peer.channels.pollEvent(), undefined, name);
    assert.equal(peer.channels.pollWrite(), undefined, name);
    assert.equal(peer.released(), Math.max(1, data.length) + 256, name);
  }
  const peer = lone();
  peer.read(1, Ppid.DCEP, encodeOpen({ ...reliable, label: 'x'.repeat(8192), protocol: '__proto__' }));
  assert.equal(peer.channels.pollEvent()?.type, 'incoming');
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
});

test('A-DCEP-01 OPEN twice breaks the channel; an ACK nobody asked for is ignored', () => {
  const peer = lone();
  peer.read(1, Ppid.DCEP, encodeAck());
  peer.read(1, Ppid.DCEP, encodeOpen(reliable));
  peer.read(1, Ppid.DCEP, encodeAck());
  assert.deepEqual(peer.reset(), []);
  assert.equal(peer.channels.counters.get('datachannel.ack'), 2);
  peer.read(1, Ppid.DCEP, encodeOpen(reliable));
  assert.deepEqual(peer.reset(), [1]);
  const types: string[] = [];
  for (let e = peer.channels.pollEvent(); e !== undefined; e = peer.channels.pollEvent()) types.push(e.type);
  assert.deepEqual(types, ['incoming', 'closing']);
  peer.channels.handleEvent({ type: 'outgoing-reset', streamIds: [1], result: 'performed' }, 0);
  peer.channels.handleEvent({ type: 'incoming-reset', streamIds: [1] }, 0);
  const closed = peer.channels.pollEvent();
  assert.ok(closed?.type === 'closed' && closed.reason === 'protocol-violation');
});

test('A-DCEP-01 OPEN on all streams: so many channels as allowed, the others are reset', () => {
  const peer = lone({ maxChannels: 50 });
  peer.read(1, Ppid.DCEP, encodeOpen(reliable));
  peer.read(2, Ppid.DCEP, encodeOpen(reliable));
  assert.equal(peer.channels.pollCommand()?.type, 'release', 'the ACK goes before the reset');
  assert.deepEqual(peer.reset(), [2]);
  for (let id = 3; id < 65_535; id += 2) {
    peer.read(id, Ppid.DCEP, encodeOpen(reliable));
    peer.drain();
  }
  assert.equal(peer.reset().length, 32_767 - 50);
  assert.equal(peer.channels.counters.get('datachannel.too-many'), 32_767 - 50);
});

test('A-DCEP-01 data before OPEN waits for it, up to 64 KiB a stream', () => {
  for (const [size, kept] of [[65_535, true], [65_536, true], [65_537, false]] as const) {
    const peer = lone();
    peer.read(1, Ppid.BINARY, new Uint8Array(size));
    peer.read(1, Ppid.DCEP, encodeOpen(reliable));
    const message = peer.channels.pollRead();
    assert.equal(message?.data.length, kept ? size : undefined);
    assert.equal(peer.released(), 12 + 256 + size + 256);
  }
  const flood = lone();
  for (let id = 1; id < 65_535; id += 2) flood.read(id, Ppid.BINARY, new Uint8Array(1000));
  assert.ok(flood.channels.counters.get('datachannel.early') >= 32_767 - 1049);
  flood.channels.handleEvent({ type: 'incoming-reset', streamIds: [1] }, 0);
  flood.read(1, Ppid.DCEP, encodeOpen(reliable));
  assert.equal(flood.channels.pollRead(), undefined, 'a reset forgets what came early');
});

test('A-DCEP-01 identifiers 54 to 57 mixed: empty ones are empty whatever they carry, parts break the channel', () => {
  const peer = lone();
  peer.read(1, Ppid.DCEP, encodeOpen(reliable));
  peer.read(1, Ppid.STRING_EMPTY, Uint8Array.of(0));
  peer.read(1, Ppid.BINARY_EMPTY, Uint8Array.of(1, 2, 3));
  peer.read(1, 99, Uint8Array.of(1));
  const got = [peer.channels.pollRead(), peer.channels.pollRead()].map((message) => [message?.binary, message?.data.length]);
  assert.deepEqual(got, [[false, 0], [true, 0]]);
  assert.equal(peer.channels.pollRead(), undefined);
  assert.equal(peer.released(), 12 + 1 + 3 + 1 + 4 * 256);
  peer.read(1, Ppid.STRING_PARTIAL, Uint8Array.of(65));
  assert.deepEqual(peer.reset(), [1]);
});

test('A-DCEP-02 a channel whose OPEN never comes holds no other up', () => {
  const peer = lone();
  peer.read(1, Ppid.BINARY, new Uint8Array(100));
  peer.read(3, Ppid.DCEP, encodeOpen({ ...reliable, label: 'other' }));
  peer.read(3, Ppid.BINARY, Uint8Array.of(7));
  const event = peer.channels.pollEvent();
  assert.ok(event?.type === 'incoming' && event.channel.label === 'other');
  assert.equal(peer.channels.pollRead()?.data[0], 7);
});

test('A-DC-01 a message over our limit breaks its channel, and no other', () => {
  const world = new ChannelWorld({ b: { maxMessageSizeBytes: 10_000 }, link: { delayMs: 5 } });
  const [one, two] = [world.a.channels.open({ label: '1' }, 0), world.a.channels.open({ label: '2' }, 0)];
  world.connect();
  world.run(50);
  world.a.channels.handleWrite({ channel: one, binary: true, data: payload(10_001, 1) }, world.now);
  world.a.channels.handleWrite({ channel: two, binary: true, data: payload(10_000, 2) }, world.now);
  world.run(5000);
  assert.deepEqual(world.b.messages.map((message) => message.channel.label), ['2']);
  const [closed] = world.b.of('closed');
  assert.deepEqual([closed?.channel.label, closed?.reason], ['1', 'message-too-large']);
  assert.equal(one.state, 'closed');
  assert.equal(two.state, 'open');
});

test('a stream that the peer uses again before our side of it is closed waits its turn', () => {
  const peer = lone();
  peer.read(1, Ppid.DCEP, encodeOpen({ ...reliable, label: 'first' }));
  peer.drain();
  peer.channels.handleEvent({ type: 'incoming-reset', streamIds: [1] }, 0);
  assert.deepEqual(peer.reset(), [1]);
  peer.read(1, Ppid.DCEP, encodeOpen({ ...reliable, label: 'second' }));
  peer.read(1, Ppid.BINARY, Uint8Array.of(5));
  peer.channels.handleEvent({ type: 'outgoing-reset', streamIds: [1], result: 'performed' }, 0);
  const seen: string[] = [];
  for (let e = peer.channels.pollEvent(); e !== undefined; e = peer.channels.pollEvent()) seen.push(`${e.type} ${e.channel.label}`);
  assert.deepEqual(seen, ['incoming first', 'closing first', 'closed first', 'incoming second']);
  assert.equal(peer.channels.pollRead()?.channel.label, 'second');
  // A third one opens and closes again before our side of the second is closed.
  peer.channels.handleEvent({ type: 'incoming-reset', streamIds: [1] }, 0);
  peer.read(1, Ppid.DCEP, encodeOpen({ ...reliable, label: 'third' }));
  peer.read(1, Ppid.BINARY, Uint8Array.of(6));
  peer.channels.handleEvent({ type: 'incoming-reset', streamIds: [1] }, 0);
  peer.reset();
  peer.channels.handleEvent({ type: 'outgoing-reset', streamIds: [1], result: 'performed' }, 0);
  seen.length = 0;
  for (let e = peer.channels.pollEvent(); e !== undefined; e = peer.channels.pollEvent()) seen.push(`${e.type} ${e.channel.label}`);
  assert.deepEqual(seen, ['closing second', 'closed second', 'incoming third', 'closing third']);
  assert.equal(peer.channels.pollRead()?.data[0], 6);
  assert.deepEqual(peer.reset(), [1]);
});

test('a new association carries the channels that are open; one that was closing is closed, and one that waited opens', () => {
  const channels = new DataChannels({}, sctpEnvironment(1));
  channels.setRole('client', 0);
  channels.handleEvent({ type: 'connected', streamsOut: 100, streamsIn: 100 }, 0);
  const init = { protocol: '', ordered: true, negotiated: false };
  const [stays, closes] = [channels.open({ ...init, label: 'stays' }, 0), channels.open({ ...init, label: 'closes' }, 0)];
  while (channels.pollWrite());
  channels.closeChannel(closes, 0);
  while (channels.pollEvent());
  channels.associationReplaced();
  const waits = channels.open({ ...init, label: 'waits' }, 0);
  assert.deepEqual([stays.state, closes.state, waits.state], ['open', 'closed', 'connecting']);
  assert.deepEqual(channels.pollCommand(), undefined, 'there is nothing to reset');
  channels.handleWrite({ channel: stays, binary: true, data: Uint8Array.of(1) }, 0);
  channels.handleEvent({ type: 'connected', streamsOut: 100, streamsIn: 100 }, 0);
  assert.deepEqual([channels.pollEvent(), channels.pollEvent(), channels.pollEvent()].map((event) => event && [event.type, event.channel]), [['closed', closes], ['open', waits], undefined]);
  const writes = [channels.pollWrite(), channels.pollWrite(), channels.pollWrite()];
  assert.deepEqual(writes.map((write) => write && [write.streamId, write.ppid]), [[stays.id, 53], [waits.id, 50], undefined], 'only the new one is announced');
});
