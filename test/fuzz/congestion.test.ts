import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CongestionControl, congestionControl, ccfbReceiver, InterceptorChain, jitterBuffer, pacer, twccReceiver } from '../../src/interceptor/index.ts';
import { encodeRtcp, readRtcp, type RtcpPacket } from '../../src/rtcp/index.ts';
import { mutations, seeded } from '../support/fuzz.ts';
import { ChainPair, chainEnvironment, Ext, localStream, outgoing, remoteStream, VIDEO_CODECS } from '../support/interceptor.ts';

const ALL = [congestionControl({ maxBitrateBps: 10_000_000 }), pacer(), twccReceiver(), ccfbReceiver(), jitterBuffer()];
const CCFB = { ssrc: 0x300, codecs: VIDEO_CODECS.map((codec) => ({ ...codec, feedback: ['ack ccfb'] })) };
const STAMPED = [
  { id: Ext.transportSequence, value: new Uint8Array(2) },
  { id: Ext.absoluteSendTime, value: new Uint8Array(3) },
];

/** Feedback of a call with both kinds of it. */
function recorded(): Uint8Array[] {
  const pair = new ChainPair(ALL, { link: { delayMs: 20, loss: 0.1, jitterMs: 20 } });
  const streams = [{ stream: pair.stream({ ssrc: 0x100 }), extensions: STAMPED }, { stream: pair.stream(CCFB), extensions: [] }];
  let sequenceNumber = 0;
  pair.every(10, 1500, () => {
    for (const { stream, extensions } of streams) pair.send(stream, { sequenceNumber, extensions });
    sequenceNumber++;
  });
  pair.run(2000);
  assert.ok(pair.b.sentRtcp.length > 10);
  return pair.b.sentRtcp;
}

/** A chain that sends, and any feedback can be thrown at. */
class Sender {
  readonly chain: InterceptorChain = new InterceptorChain(ALL, { environment: chainEnvironment(3), rtcpSsrc: 0x77, cname: 'target' }, 0);
  readonly #stamped = localStream({ ssrc: 0x100 });
  readonly #other = localStream(CCFB);
  readonly estimator = this.chain.find(CongestionControl)!.estimator;
  now = 0;
  #sequence = 0;
  sent = 0;

  constructor() {
    this.chain.bindLocal(this.#stamped, 0);
    this.chain.bindLocal(this.#other, 0);
    this.chain.bindRemote(remoteStream({ ssrc: 0x500 }), 0);
  }

  step(packets: readonly RtcpPacket[]): void {
    this.now += 5;
    this.chain.writeRtp(outgoing(this.#stamped, { sequenceNumber: this.#sequence, extensions: STAMPED }, this.now), this.now);
    this.chain.writeRtp(outgoing(this.#other, { sequenceNumber: this.#sequence++ }, this.now), this.now);
    this.chain.handleRtcp(packets, this.now);
    const deadline = this.chain.pollTimeout();
    if (deadline !== undefined) assert.ok(Number.isFinite(deadline.at), `${deadline.reason} at ${deadline.at}`);
    if (deadline !== undefined && deadline.at <= this.now) this.chain.handleTimeout(this.now);
    while (this.chain.pollWrite() !== undefined) this.sent++;
    while (this.chain.pollEvent() !== undefined);
    while (this.chain.pollRtcp() !== undefined);
    const { targetBps, pacingBps } = this.estimator;
    assert.ok(targetBps >= 30_000 && targetBps <= 10_000_000 && pacingBps >= targetBps && pacingBps < Infinity, `${targetBps} and ${pacingBps}`);
  }
}

test('mutated feedback neither throws nor takes the rates out of their bounds', () => {
  const sender = new Sender();
  let seen = 0;
  for (const bytes of mutations(recorded(), 6000, 21)) {
    sender.step(readRtcp(bytes, sender.chain.counters));
    seen++;
  }
  assert.equal(seen, 6000);
  assert.ok(sender.sent > 10_000, 'it went on sending');
});

test('well-formed feedback of anything neither throws nor takes the rates out of their bounds', () => {
  const random = seeded(8);
  const below = (n: number): number => Math.floor(random() * n);
  const sender = new Sender();
  for (let i = 0; i < 4000; i++) {
    const count = 1 + below(i % 50 === 0 ? 8192 : 40);
    const statuses = Uint8Array.from({ length: count }, () => below(3));
    const deltas = Int16Array.from(statuses, (status) => (status === 1 ? below(256) : status === 2 ? below(65_536) - 32_768 : 0));
    const metrics = Uint16Array.from({ length: count }, () => below(65_536));
    const near = (sender.now / 5 - below(60)) & 0xffff;
    const packets: RtcpPacket[] = [
      { type: 'transport-feedback', senderSsrc: 1, mediaSsrc: 2, baseSequence: below(3) === 0 ? below(65_536) : near, referenceTime: below(2 ** 24), feedbackCount: below(256), statuses, deltas },
      { type: 'congestion-feedback', senderSsrc: 1, timestamp: below(2 ** 32), reports: [{ ssrc: 0x300, beginSequence: below(3) === 0 ? below(65_536) : near, metrics: metrics.subarray(0, 4096) }] },
    ];
    if (i % 100 === 0) packets.push({ type: 'remb', senderSsrc: 1, mediaSsrc: 0, bitrateBps: 2 ** below(82), ssrcs: [] });
    sender.step(i % 20 === 0 ? readRtcp(encodeRtcp(packets), sender.chain.counters) : packets);
  }
  assert.ok(sender.sent > 5000);
});
