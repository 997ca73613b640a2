import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fecSender, InterceptorChain, intervalKeyframes, type LocalStream, PacketDump, redundantAudio, InterceptorRegistry, type RemoteStream, StreamStatistics } from '../../src/interceptor/index.ts';
import { decodeFlexfec } from '../../src/interceptor/fec/flexfec.ts';
import { decodeUlpfec } from '../../src/interceptor/fec/ulpfec.ts';
import { encodeRtcp, readRtcp, type RtcpPacket } from '../../src/rtcp/index.ts';
import { isRtp, readHeader, readPadding, RtpHeader } from '../../src/rtp/index.ts';
import { fuzzDecoder, mutations, seeded } from '../support/fuzz.ts';
import {
  AUDIO_CODECS,
  AUDIO_RED_CODEC,
  ChainPair,
  chainEnvironment,
  Ext,
  FLEXFEC_CODEC,
  incomingBytes,
  localStream,
  outgoing,
  payloadOf,
  RED_CODECS,
  remoteStream,
  type StreamOptions,
  VIDEO_CODECS,
} from '../support/interceptor.ts';

const EVERYTHING = { codecs: [...VIDEO_CODECS, ...RED_CODECS, FLEXFEC_CODEC] };
const STREAMS: readonly StreamOptions[] = [
  { ssrc: 0x100, rid: 'a', fecSsrc: 0x102, ...EVERYTHING },
  { ssrc: 0x200, rid: 'b', ...EVERYTHING },
  { ssrc: 0x300, kind: 'audio', codecs: [...AUDIO_CODECS, AUDIO_RED_CODEC] },
];

const ALL = [
  ...new InterceptorRegistry().registerDefaults().unregister('redundant-audio').factories,
  redundantAudio({ distance: 2 }),
  fecSender({ minShare: 0.3 }),
  intervalKeyframes({ intervalMs: 500 }),
  new PacketDump({ maxRecords: 100 }),
];

/** What goes over a lossy link in a call with everything switched on. */
function recorded(): { rtp: Uint8Array[]; rtcp: Uint8Array[] } {
  const pair = new ChainPair(ALL, { link: { delayMs: 20, loss: 0.1 } });
  const streams = STREAMS.map((options) => pair.stream(options));
  let sequenceNumber = 0;
  pair.every(20, 1500, (now) => {
    for (const stream of streams) {
      const extensions = [{ id: Ext.mid, value: Uint8Array.of(0x30) }, { id: Ext.rid, value: Uint8Array.of(0x61) }];
      pair.send(stream, { sequenceNumber, timestamp: now * 90, marker: sequenceNumber % 3 === 0, extensions, payload: payloadOf(sequenceNumber, 40) });
    }
    sequenceNumber++;
  });
  pair.run(2000);
  return { rtp: pair.a.sentRtp, rtcp: [...pair.a.sentRtcp, ...pair.b.sentRtcp] };
}

/** A chain that any bytes can be thrown at. */
class Target {
  readonly chain: InterceptorChain = new InterceptorChain(ALL, { environment: chainEnvironment(3), rtcpSsrc: 0x77, cname: 'target' }, 0);
  readonly locals: LocalStream[] = STREAMS.map((options) => localStream(options));
  readonly remotes: RemoteStream[] = STREAMS.map((options) => remoteStream(options));
  now = 0;
  delivered = 0;
  sentBytes = 0;
  #sequence = 0;

  constructor() {
    for (const stream of this.locals) this.chain.bindLocal(stream, 0);
    for (const stream of this.remotes) this.chain.bindRemote(stream, 0);
  }

  rtp(bytes: Uint8Array): void {
    const header = new RtpHeader();
    if (!isRtp(bytes) || !readHeader(bytes, header) || !readPadding(bytes, header)) return;
    const stream = this.remotes.find(({ ssrc, rtxSsrc, fecSsrc }) => [ssrc, rtxSsrc, fecSsrc].includes(header.ssrc)) ?? (this.remotes[header.ssrc % 3] as RemoteStream);
    this.chain.handleRtp(incomingBytes(stream, bytes, this.now), this.now);
  }

  rtcp(bytes: Uint8Array): void {
    this.chain.handleRtcp(readRtcp(bytes, this.chain.counters), this.now);
  }

  /** Lets time pass, and media be sent with it. */
  step(ms: number): void {
    this.now += ms;
    for (const stream of this.locals) this.chain.writeRtp(outgoing(stream, { sequenceNumber: this.#sequence, marker: true }, this.now), this.now);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    if ((this.chain.pollTimeout()?.at ?? Infinity) <= this.now) this.chain.handleTimeout(this.now);
    for (let out = this.chain.pollWrite(); out !== undefined; out = this.chain.pollWrite()) this.sentBytes += 'rtcp' in out ? out.rtcp.length : out.bytes.length;
    for (let packet = this.chain.pollRtp(); packet !== undefined; packet = this.chain.pollRtp()) {
      this.delivered++;
      const header = new RtpHeader();
      // Whatever came, what goes on is a packet whose header is its own.
      assert.ok(readHeader(packet.bytes, header));
      assert.equal(header.payloadStart, packet.header.payloadStart);
      assert.equal(header.sequenceNumber, packet.header.sequenceNumber);
      assert.equal(header.ssrc, packet.header.ssrc);
      assert.ok(packet.header.payloadEnd <= packet.bytes.length && packet.header.payloadEnd >= header.payloadStart);
    }
    while (this.chain.pollEvent() !== undefined);
    while (this.chain.pollRtcp() !== undefined);
  }

  assertFinite(): void {
    const stats = this.chain.find(StreamStatistics) as StreamStatistics;
    for (const { ssrc } of this.locals) {
      const { outbound, remoteInbound } = stats.local(ssrc) ?? {};
      for (const value of [...Object.values(outbound ?? {}), ...Object.values(remoteInbound ?? {})]) assert.ok(value === undefined || Number.isFinite(value));
      const { inbound, remoteOutbound } = stats.remote(ssrc) ?? {};
      for (const value of [...Object.values(inbound ?? {}), ...Object.values(remoteOutbound ?? {})]) assert.ok(value === undefined || Number.isFinite(value));
    }
  }
}

test('a chain with everything in it takes any RTP and RTCP: nothing is thrown, and what comes out is whole', () => {
  const { rtp, rtcp } = recorded();
  assert.ok(rtp.length > 200 && rtcp.length > 10, `${rtp.length} and ${rtcp.length} recorded`);
  const target = new Target();
  let fed = 0;
  const next = seeded(4);
  const some = rtp.filter(() => next() < 0.5);
  for (const bytes of mutations(some, 12_000, 21)) {
    target.rtp(bytes);
    if (fed++ % 16 === 0) target.step(next() * 20);
  }
  for (const bytes of mutations(rtcp, 6000, 22)) {
    target.rtcp(bytes);
    if (fed++ % 16 === 0) target.step(next() * 20);
  }
  target.step(5000);
  assert.ok(target.delivered > 1000, `${target.delivered} packets came through`);
  target.assertFinite();
  target.chain.close(target.now);
});

test('A-RTCP-03 any NACK, however it is made, brings forth a bounded answer', () => {
  const target = new Target();
  const next = seeded(8);
  let written = 0;
  for (let i = 0; i < 3000; i++) {
    const lost = Array.from({ length: 1 + Math.floor(next() * 40) }, () => Math.floor(next() * 0x1_0000));
    const packets: RtcpPacket[] = [{ type: 'nack', senderSsrc: 1, mediaSsrc: (target.locals[i % 3] as LocalStream).ssrc, lost: [...lost, i & 0xffff, (i - 5) & 0xffff] }];
    target.rtcp(encodeRtcp(packets));
    if (i % 2 === 0) {
      target.step(5);
      written += 3;
    }
  }
  // Three streams of packets of 112 bytes with FEC and RED, a burst of 64 KiB for each, and reports.
  assert.ok(target.sentBytes < written * 600 + 3 * 65_536, `${target.sentBytes} bytes`);
});

test('the FEC decoders let nothing pass but their own errors', () => {
  const { rtp } = recorded();
  const payloads = rtp.map((bytes) => bytes.subarray(16)).slice(0, 20);
  assert.ok(fuzzDecoder(decodeFlexfec, payloads, 5000, 31) > 5000);
  assert.ok(fuzzDecoder(decodeUlpfec, payloads, 5000, 32) > 5000);
});

test('over any link and with any repair, what arrives was sent, and arrives once', () => {
  for (let seed = 1; seed <= 14; seed++) {
    const next = seeded(seed);
    const link = { delayMs: next() * 100, jitterMs: next() * 30, loss: next() * 0.25, duplicate: next() * 0.1 };
    const pair = new ChainPair(ALL, { seed, link });
    const sent = new Map<string, string>();
    const streams = STREAMS.map((options) => pair.stream(options));
    let sequenceNumber = Math.floor(next() * 65_536);
    pair.every(10, 800, (now) => {
      for (const stream of streams) {
        const payload = payloadOf(sequenceNumber * 7 + stream.ssrc, 20 + Math.floor(next() * 300));
        const timestamp = (0xffff_f000 + now * (stream.kind === 'audio' ? 48 : 90)) >>> 0;
        sent.set(`${stream.ssrc} ${Buffer.from(payload).toString('hex')} ${timestamp}`, '');
        pair.send(stream, { sequenceNumber, timestamp, payload, marker: next() < 0.3 });
      }
      sequenceNumber++;
    });
    pair.run(4000);
    const media = pair.b.received.filter(({ role }) => role === 'media');
    const numbers = new Set(media.map(({ header }) => `${header.ssrc} ${header.sequenceNumber}`));
    assert.equal(numbers.size, media.length, `seed ${seed}: no number twice`);
    for (const { header, bytes } of media) {
      const payload = Buffer.from(bytes.subarray(header.payloadStart, header.payloadEnd)).toString('hex');
      assert.ok(sent.delete(`${header.ssrc} ${payload} ${header.timestamp}`), `seed ${seed}: ${header.ssrc} ${header.sequenceNumber} was sent so, once`);
    }
    // Video is asked for until it comes, but what nothing follows is not missed; audio has its redundancy.
    const lost = [...sent.keys()].filter((key) => !key.startsWith('768 ')).length;
    assert.ok(lost <= 12, `seed ${seed}: ${lost} of 160 video packets lost on ${JSON.stringify(link)}`);
  }
});
