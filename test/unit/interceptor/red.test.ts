import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRed, type RedBlock } from '../../../src/codec/index.ts';
import { RtcError } from '../../../src/core/index.ts';
import { InterceptorChain, redundantAudio, RedundantAudio } from '../../../src/interceptor/index.ts';
import { decodeRtp, type RtpCodec } from '../../../src/rtp/index.ts';
import { AUDIO_CODECS, AUDIO_RED_CODEC, ChainPair, chainEnvironment, incoming, localStream, outgoing, payloadOf, Pt, remoteStream, type StreamOptions } from '../../support/interceptor.ts';

const AUDIO: StreamOptions = { kind: 'audio', ssrc: 0x900, codecs: [...AUDIO_CODECS, AUDIO_RED_CODEC] };

function call(distance: number, drop: (sequence: number) => boolean): ChainPair {
  const pair = new ChainPair([redundantAudio({ distance })]);
  pair.a.link = { delayMs: 10, drop: (bytes) => drop(decodeRtp(bytes).sequenceNumber) };
  const stream = pair.stream(AUDIO);
  let sequenceNumber = 65_500;
  pair.every(20, 2000, (now) => pair.send(stream, { sequenceNumber, timestamp: now * 48, payload: payloadOf(sequenceNumber++, 60), marker: sequenceNumber === 65_501 }));
  pair.run(2200);
  return pair;
}

test('single losses are restored in order by the packet behind them (RFC 2198)', () => {
  const pair = call(1, (sequence) => sequence % 3 === 2);
  const { received } = pair.b;
  assert.equal(received.length, 100);
  received.forEach(({ header, bytes, role }, i) => {
    assert.equal(header.sequenceNumber, (65_500 + i) & 0xffff);
    assert.equal(header.timestamp, i * 20 * 48);
    assert.equal(header.payloadType, Pt.opus);
    assert.equal(role, 'media');
    assert.deepEqual(decodeRtp(bytes), header);
    assert.deepEqual(bytes.subarray(header.payloadStart, header.payloadEnd), payloadOf(65_500 + i, 60));
  });
  assert.equal(received[0]?.header.marker, true);
  assert.ok(pair.b.told('recovered').length > 30);
  for (const bytes of pair.a.sentRtp) assert.equal(decodeRtp(bytes).payloadType, Pt.opusRed);
});

test('bursts as long as the distance are restored', () => {
  assert.equal(call(3, (sequence) => sequence % 8 < 3).b.received.length, 100);
  const less = call(2, (sequence) => sequence % 8 < 3).b.received;
  assert.ok(less.length < 100 && less.length > 80);
});

test('nothing is sent as RED unless a distance is set and RED negotiated; received it is always', () => {
  const chain = new InterceptorChain([redundantAudio()], { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'x' }, 0);
  const stream = localStream(AUDIO);
  chain.bindLocal(stream, 0);
  chain.writeRtp(outgoing(stream, { sequenceNumber: 1 }), 0);
  const out = chain.pollWrite();
  assert.ok(out !== undefined && 'bytes' in out && out.header.payloadType === Pt.opus);
  const without = new ChainPair([redundantAudio({ distance: 2 })]);
  const plain = without.stream({ ...AUDIO, codecs: AUDIO_CODECS });
  without.send(plain, { sequenceNumber: 1 });
  without.run(100);
  assert.equal(without.b.received[0]?.header.payloadType, Pt.opus);
});

test('blocks that are too far back, too large or not right behind each other are left out', () => {
  const pair = new ChainPair([redundantAudio({ distance: 4 })]);
  const stream = pair.stream(AUDIO);
  const blocksOf = (): number => {
    const bytes = pair.a.sentRtp.at(-1) as Uint8Array;
    let blocks = 1;
    for (let at = decodeRtp(bytes).payloadStart; (bytes[at] as number) >= 0x80; at += 4) blocks++;
    return blocks;
  };
  const send = (sequenceNumber: number, timestamp: number, bytes: number): number => {
    pair.send(stream, { sequenceNumber, timestamp, payload: new Uint8Array(bytes) });
    return blocksOf();
  };
  assert.equal(send(1, 0, 100), 1);
  assert.equal(send(2, 960, 100), 2);
  assert.equal(send(3, 1920 + 20_000, 100), 1, 'farther back than 14 bits');
  assert.equal(send(4, 1920 + 20_960, 1030), 1, 'no room');
  assert.equal(send(5, 1920 + 21_920, 20), 1, 'the one before is larger than 10 bits');
  assert.equal(send(6, 1920 + 22_880, 20), 2);
  assert.equal(send(8, 1920 + 23_840, 20), 1, 'one is missing between');
  assert.equal(send(9, 1920 + 24_800, 20), 2);
});

test('A-MED-04 RED with blocks past the end, with a hundred blocks, or with RED, RTX or FEC in it does no harm', () => {
  const rtx: RtpCodec = { ...AUDIO_RED_CODEC, payloadType: 64, name: 'rtx', parameters: new Map([['apt', '63']]) };
  const fec: RtpCodec = { ...rtx, payloadType: 65, name: 'ulpfec', parameters: new Map() };
  const chain = new InterceptorChain([redundantAudio()], { environment: chainEnvironment(1), rtcpSsrc: 1, cname: 'x' }, 0);
  const stream = remoteStream({ ...AUDIO, codecs: [...AUDIO_CODECS, AUDIO_RED_CODEC, rtx, fec] });
  chain.bindRemote(stream, 0);
  const feed = (sequenceNumber: number, payload: Uint8Array): number => {
    chain.handleRtp(incoming(stream, { sequenceNumber, payloadType: Pt.opusRed, payload, timestamp: 96_000 }), 0);
    let count = 0;
    for (let packet = chain.pollRtp(); packet !== undefined; packet = chain.pollRtp()) count++;
    return count;
  };
  const block = (payloadType: number, timestampOffset = 0): RedBlock => ({ payloadType, timestampOffset, data: Uint8Array.of(1, 2, 3) });
  assert.equal(feed(1, encodeRed([block(Pt.opus)])), 1);
  assert.equal(feed(3, Uint8Array.of(0x80 | Pt.opus, 0, 3, 0xff, Pt.opus, 1)), 0);
  assert.equal(feed(3, Uint8Array.from({ length: 401 }, (_, i) => (i % 4 === 0 ? 0x80 | Pt.opus : 0))), 0);
  assert.equal(chain.counters.get('interceptor.red.malformed'), 2);
  for (const inner of [64, 65, 77]) assert.equal(feed(4, encodeRed([block(inner, 960), block(inner)])), 0);
  assert.equal(chain.counters.get('interceptor.red.nested'), 3);
  assert.equal(feed(4, encodeRed([block(Pt.opusRed)])), 0);
  assert.equal(feed(4, encodeRed([block(64, 960), block(Pt.opus)])), 1);
  assert.equal(feed(4, encodeRed([block(Pt.opus)])), 0, 'it came before');
});

test('a distance out of range is refused', () => {
  const context = { environment: chainEnvironment(1), rtcpSsrc: 1, cname: '', counters: new InterceptorChain([], { environment: chainEnvironment(1), rtcpSsrc: 1, cname: '' }, 0).counters };
  for (const distance of [-1, 9, 0.5]) assert.throws(() => new RedundantAudio(context, { distance }), RtcError);
});
