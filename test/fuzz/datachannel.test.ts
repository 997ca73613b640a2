import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeDcep, DataChannels, encodeAck, encodeOpen, Ppid } from '../../src/datachannel/index.ts';
import { fuzzDecoder, mutations, seeded } from '../support/fuzz.ts';
import { sctpEnvironment } from '../support/sctp.ts';

const packets = [
  encodeAck(),
  encodeOpen({ ordered: true, maxRetransmits: undefined, maxPacketLifeTimeMs: undefined, priority: 256, label: 'chat', protocol: '' }),
  encodeOpen({ ordered: false, maxRetransmits: 3, maxPacketLifeTimeMs: undefined, priority: 0, label: 'grüße', protocol: 'proto' }),
  encodeOpen({ ordered: false, maxRetransmits: undefined, maxPacketLifeTimeMs: 65_535, priority: 65_535, label: '', protocol: 'x'.repeat(100) }),
];

test('A-JS-01 DCEP answers any bytes with a message or DecodeError', () => {
  assert.ok(fuzzDecoder(decodeDcep, packets, 100_000, 3) > 100_000);
});

test('A-DCEP-01 no sequence of messages, resets and calls makes the channels throw or lose count of the window', () => {
  const next = seeded(5);
  const ppids = [Ppid.DCEP, Ppid.DCEP, Ppid.BINARY, Ppid.STRING, Ppid.STRING_EMPTY, Ppid.BINARY_EMPTY, Ppid.BINARY_PARTIAL, Ppid.STRING_PARTIAL, 0, 99];
  for (let round = 0; round < 40; round++) {
    const channels = new DataChannels({ maxChannels: 10 }, sctpEnvironment(1));
    channels.setRole(round % 2 ? 'client' : 'server', 0);
    channels.handleEvent({ type: 'connected', streamsOut: 20, streamsIn: 20 }, 0);
    let charged = 0;
    let released = 0;
    const streams: number[] = [];
    for (const mutant of mutations(packets, 500, round)) {
      const data = mutant.length > 0 ? mutant : Uint8Array.of(0);
      const streamId = Math.floor(next() * 12);
      channels.handleRead({ streamId, ppid: ppids[Math.floor(next() * ppids.length)]!, data }, 0);
      charged += data.length + 256;
      const dice = next();
      if (dice < 0.1) channels.handleEvent({ type: 'incoming-reset', streamIds: [streamId] }, 0);
      else if (dice < 0.2 && streams.length > 0) channels.handleEvent({ type: 'outgoing-reset', streamIds: [streams.pop()!], result: dice < 0.18 ? 'performed' : 'denied' }, 0);
      else if (dice < 0.25) channels.handleEvent({ type: 'message-too-large', streamId }, 0);
      else if (dice < 0.3) {
        try {
          channels.open({ label: 'x' }, 0);
        } catch {
          // too many
        }
      }
      while (channels.pollWrite() !== undefined);
      for (let e = channels.pollEvent(); e !== undefined; e = channels.pollEvent()) if (e.type === 'incoming' && next() < 0.3) channels.closeChannel(e.channel, 0);
      if (next() < 0.5) while (channels.pollRead() !== undefined);
      for (let c = channels.pollCommand(); c !== undefined; c = channels.pollCommand()) {
        if (c.type === 'release') released += c.bytes;
        else streams.push(...c.streamIds);
      }
      assert.ok(released <= charged);
    }
    // At the end nothing may be kept from the window but what waits for an OPEN, and a reset of all streams frees that.
    for (let i = 0; i < 3; i++) {
      for (let streamId = 0; streamId < 12; streamId++) {
        channels.handleEvent({ type: 'incoming-reset', streamIds: [streamId] }, 0);
        channels.handleEvent({ type: 'outgoing-reset', streamIds: [streamId], result: 'performed' }, 0);
        channels.handleEvent({ type: 'incoming-reset', streamIds: [streamId] }, 0);
      }
      while (channels.pollRead() !== undefined);
      while (channels.pollEvent() !== undefined);
    }
    for (let c = channels.pollCommand(); c !== undefined; c = channels.pollCommand()) if (c.type === 'release') released += c.bytes;
    assert.equal(released, charged, `round ${round}`);
  }
});
