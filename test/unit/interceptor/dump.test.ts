import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RtcError } from '../../../src/core/index.ts';
import { type DumpRecord, InterceptorRegistry, PacketDump } from '../../../src/interceptor/index.ts';
import { decodeRtcp } from '../../../src/rtcp/index.ts';
import { decodeRtp } from '../../../src/rtp/index.ts';
import { ChainPair, Ext, UNIX_OFFSET_MS } from '../../support/interceptor.ts';

function recordsOf(dump: PacketDump): DumpRecord[] {
  const records: DumpRecord[] = [];
  for (let record = dump.poll(); record !== undefined; record = dump.poll()) records.push(record);
  return records;
}

function call(dump: PacketDump, packets = 3): ChainPair {
  const pair = new ChainPair(new InterceptorRegistry().registerDefaults().register(dump).factories, { link: { delayMs: 30 } });
  const stream = pair.stream({ ssrc: 0x40 });
  for (let i = 0; i < packets; i++) pair.send(stream, { sequenceNumber: i * 2, extensions: [{ id: Ext.mid, value: Uint8Array.of(0x30) }], payload: new Uint8Array(500) });
  pair.run(2000);
  return pair;
}

test('a dump has what both ends sent and received, by connection, direction and time', () => {
  const dump = new PacketDump();
  const pair = call(dump);
  const records = recordsOf(dump);
  const rtp = records.filter(({ kind }) => kind === 'rtp');
  assert.deepEqual(rtp.map(({ connection, direction, at }) => `${connection} ${direction} ${at}`), [0, 0, 0].map(() => '0 out 0').concat([0, 0, 0].map(() => '1 in 30')));
  for (const { data, originalBytes, unixMs, at } of rtp) {
    assert.equal(data.length, 20, 'headers with the extension, no payload');
    assert.equal(originalBytes, 520);
    assert.equal(decodeRtp(data).ssrc, 0x40);
    assert.equal(unixMs, UNIX_OFFSET_MS + at);
  }
  const rtcp = records.filter(({ kind, connection, direction }) => kind === 'rtcp' && connection === 1 && direction === 'out');
  const types = rtcp.flatMap(({ data }) => decodeRtcp(data).map(({ type }) => type));
  assert.deepEqual(types, pair.b.sentRtcp.flatMap((bytes) => decodeRtcp(bytes)).map(({ type }) => type).filter((type) => type !== 'sdes'));
  assert.ok(types.includes('nack') && types.includes('rr'));
});

test('what is recorded can be chosen, how much of a packet too', () => {
  const dump = new PacketDump({ rtpBytes: 100, rtp: ({ header }, direction) => direction === 'in' && header.sequenceNumber === 2, rtcp: () => false });
  call(dump);
  const records = recordsOf(dump);
  assert.deepEqual(records.map(({ direction, data }) => [direction, data.length]), [['in', 100]]);
});

test('records that nobody polls are bounded', () => {
  const dump = new PacketDump({ maxRecords: 5 });
  call(dump, 20);
  assert.equal(recordsOf(dump).length, 5);
  assert.ok(dump.leftOut >= 35);
  assert.throws(() => new PacketDump({ maxRecords: 0 }), RtcError);
  assert.throws(() => new PacketDump({ rtpBytes: -2 }), RtcError);
});
