import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BURSTS_TO_LEARN, BUSY_LOOPS_BYTES, ChunkType, COMMON_HEADER_BYTES, I_DATA_HEADER_BYTES, MAX_BURST_PACKETS, MAX_RATE_BYTES_PER_MS, URGENT_SACK_PACKETS } from '../../../src/sctp/constants.ts';
import type { SctpAssociation } from '../../../src/sctp/index.ts';
import { writeChecksum } from '../../../src/sctp/packets.ts';
import { payload, SctpWorld } from '../../support/sctp.ts';

/** Feeds one packet after the other to an association, without letting it answer, until it says that an answer is urgent. */
function readsUntilUrgent(from: SctpAssociation, to: SctpAssociation, now: number): number {
  for (let packets = 1; packets <= 64; packets++) {
    const packet = from.pollWrite();
    if (packet === undefined) return Number.NaN;
    to.handleRead(packet.slice(), now);
    if (to.isSackUrgent) return packets;
  }
  return Number.NaN;
}

/** Takes PAD out of the extensions that a packet names, as a peer would that does not know it. */
function withoutPad(packet: Uint8Array): void {
  const type = packet[COMMON_HEADER_BYTES];
  if (type !== ChunkType.INIT && type !== ChunkType.INIT_ACK) return;
  for (let i = COMMON_HEADER_BYTES + 20; i + 4 < packet.length; i++) {
    if (packet[i] !== 0x80 || packet[i + 1] !== 0x08) continue; // Supported Extensions (RFC 5061 4.2.7)
    const at = packet.indexOf(ChunkType.PAD, i + 4);
    if (at >= 0) packet[at] = ChunkType.RE_CONFIG;
  }
  packet.fill(0, 8, 12);
  writeChecksum(packet);
}

/** Two associations, of which the sender names PAD or does not; its window is open for bursts. */
function sendingTo(namesPad: boolean): SctpWorld {
  const world = new SctpWorld({ link: { delayMs: 5 } });
  world.filter = (_from, bytes) => {
    if (!namesPad) withoutPad(bytes);
    return true;
  };
  world.a.association.connect(0);
  assert.ok(world.run(1000, () => world.b.association.state === 'established' && world.a.association.state === 'established'));
  world.settle();
  return world;
}

const urgentAfter = (world: SctpWorld): number => {
  const { a, b } = world;
  a.association.handleWrite({ streamId: 1, ppid: 53, data: payload(30_000, 1), ordered: true }, world.now);
  const packets = readsUntilUrgent(a.association, b.association, world.now);
  world.settle();
  assert.equal(b.association.isSackUrgent, false, 'the SACK that went out was the answer');
  return packets;
};

/** One turn of the event loop, in which so many packets lie in the socket. */
function turnWith(world: SctpWorld, packets: number): void {
  const { a, b } = world;
  const full = a.association.stats().mtuBytes - COMMON_HEADER_BYTES - I_DATA_HEADER_BYTES;
  a.association.handleWrite({ streamId: 1, ppid: 53, data: payload(packets * full, 1), ordered: true }, world.now);
  for (let i = 0; i < packets; i++) b.association.handleRead((a.association.pollWrite() as Uint8Array).slice(), world.now);
  world.run(100);
}

for (const [who, namesPad] of [['that names PAD', true], ['that does not', false]] as const) {
  test(`an answer to a peer ${who} is urgent after ${URGENT_SACK_PACKETS} packets (RFC 9260 6.2)`, () => {
    assert.equal(urgentAfter(sendingTo(namesPad)), URGENT_SACK_PACKETS);
  });
}

const bursts = (count: number): readonly number[] => Array.from({ length: count }, () => MAX_BURST_PACKETS);

for (const [turns, namesPad, packets, what] of [
  [bursts(BURSTS_TO_LEARN), false, MAX_BURST_PACKETS, 'that keeps to Max.Burst is urgent after as many packets'],
  [bursts(BURSTS_TO_LEARN), true, URGENT_SACK_PACKETS, 'that names PAD is not, though it sends such bursts'],
  [[...bursts(BURSTS_TO_LEARN - 1), MAX_BURST_PACKETS + 1, ...bursts(BURSTS_TO_LEARN - 1)], false, URGENT_SACK_PACKETS, 'that sends more now and then is not'],
] as const) {
  test(`an answer to a peer ${what} (RFC 9260 6.1 D)`, () => {
    const world = sendingTo(namesPad);
    for (const count of turns) turnWith(world, count);
    assert.equal(urgentAfter(world), packets);
  });
}

test('what may be in flight over a short round trip keeps two event loops busy and no more', () => {
  const most = (delayMs: number): number => {
    const limits = { sendBufferBytes: 64 * 1024 * 1024, remoteMaxMessageSizeBytes: 0, receiveWindowBytes: 64 * 1024 * 1024, maxMessageSizeBytes: 0x7fff_ffff };
    const world = SctpWorld.connected({ link: { delayMs }, a: limits, b: limits });
    for (let i = 0; i < 24; i++) world.a.association.handleWrite({ streamId: 1, ppid: 53, data: payload(250_000, i), ordered: true }, world.now);
    let flight = 0;
    world.a.onTurn = () => (flight = Math.max(flight, world.a.association.stats().flightBytes));
    world.run(60_000, () => world.b.messages.length === 24);
    assert.equal(world.b.messages.length, 24);
    return flight;
  };
  const short = most(0.5);
  assert.ok(short > BUSY_LOOPS_BYTES / 2 && short <= BUSY_LOOPS_BYTES + 1.1 * MAX_RATE_BYTES_PER_MS, `${short}`);
  assert.ok(most(10) > 2_000_000, 'a longer path holds more');
});

test('a path that replaces another is not held to the round trip of the old one', () => {
  const world = SctpWorld.connected({ link: { delayMs: 0.5 }, a: { mtuBytes: 9000 }, b: { mtuBytes: 9000 } });
  const write = (): void => world.a.association.handleWrite({ streamId: 1, ppid: 53, data: payload(60_000, 1), ordered: true }, world.now);
  write();
  world.run(1000);
  world.a.association.pathChanged();
  world.a.link = world.b.link = { delayMs: 20 };
  let flight = 0;
  world.a.onTurn = () => {
    flight = Math.max(flight, world.a.association.stats().flightBytes);
    if (world.a.association.totalBufferedAmount < 1_000_000) write();
  };
  world.run(600);
  assert.ok(flight > BUSY_LOOPS_BYTES + 2 * MAX_RATE_BYTES_PER_MS, `${flight}`);
});

test('with mtuSearch when-needed nothing is probed until a message is larger than a packet (RFC 8899 5.2)', () => {
  const config = { mtuSearch: 'when-needed', mtuBytes: 1160 } as const;
  const world = SctpWorld.connected({ a: config, b: config, link: { delayMs: 5 } });
  const { association } = world.a;
  association.setPath({ maxMtuBytes: 1400 }, world.now);
  world.run(10_000);
  association.handleWrite({ streamId: 1, ppid: 53, data: payload(1000, 1), ordered: true }, world.now);
  world.run(10_000);
  assert.deepEqual([association.stats().mtuProbesSent, association.stats().mtuBytes], [0, 1160]);
  association.handleWrite({ streamId: 1, ppid: 53, data: payload(2000, 1), ordered: true }, world.now);
  world.run(10_000);
  assert.ok(association.stats().mtuProbesSent > 0);
  assert.equal(association.stats().mtuBytes, 1400);
});

