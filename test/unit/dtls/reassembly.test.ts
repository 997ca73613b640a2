import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Counters } from '../../../src/core/index.ts';
import { ContentType, HandshakeType as H } from '../../../src/dtls/constants.ts';
import type { Fragment } from '../../../src/dtls/handshake/fragment.ts';
import { packFlight } from '../../../src/dtls/handshake/flight.ts';
import { Reassembler } from '../../../src/dtls/handshake/reassembly.ts';
import { RecordWriter } from '../../../src/dtls/record/writer.ts';
import { DtlsPair, fragmentOf, plainRecord, recordsOf } from '../../support/dtls.ts';
import { seeded } from '../../support/fuzz.ts';

const LIMIT = 131_072;

function reassembler(): { r: Reassembler; dropped: (name: string) => number } {
  const counters = new Counters();
  return { r: new Reassembler(counters), dropped: (name) => counters.get(`dtls.fragment.${name}`) };
}

const fragment = (sequence: number, length: number, offset: number, bytes: Uint8Array, type: number = H.serverHello): Fragment => ({ type, length, sequence, offset, bytes });
const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value);

test('A-DTLS-01 only the next seven messages are kept', () => {
  const { r, dropped } = reassembler();
  for (let sequence = 0; sequence < 65_536; sequence++) r.add(fragment(sequence, 2 ** 24 - 1, 0, filled(1)), 0);
  assert.equal(r.heldBytes, 0, 'a claimed length of 2^24 - 1 is refused at once');
  for (let sequence = 0; sequence < 65_536; sequence++) r.add(fragment(sequence, 60_000, 0, filled(1)), 0);
  assert.equal(r.heldBytes, 7);
  assert.equal(dropped('window'), 2 * (65_536 - 7));
});

test('A-DTLS-01 a message of 64 KiB and a Certificate of 32 KiB are the largest', () => {
  const { r, dropped } = reassembler();
  r.add(fragment(0, 65_537, 0, filled(1)), 0);
  r.add(fragment(1, 32_769, 0, filled(1), H.certificate), 0);
  assert.equal(dropped('too-long'), 2);
  r.add(fragment(0, 65_536, 0, filled(65_536)), 0);
  r.add(fragment(1, 32_768, 0, filled(32_768), H.certificate), 0);
  assert.equal(r.take()?.body.length, 65_536);
  assert.equal(r.take()?.body.length, 32_768);
});

test('A-DTLS-01 fragments that never become messages hold 128 KiB at most, and memory follows the bytes that came', () => {
  const { r, dropped } = reassembler();
  r.add(fragment(0, 65_536, 0, filled(1)), 0);
  assert.equal(r.heldBytes, 1);
  const next = seeded(1);
  for (let i = 0; i < 20_000; i++) r.add(fragment(Math.floor(next() * 7), 65_536, 1 + Math.floor(next() * 65_000), filled(1 + Math.floor(next() * 500))), 0);
  assert.ok(r.heldBytes <= LIMIT, `${r.heldBytes}`);
  assert.ok(r.heldBytes > LIMIT - 1_000);
  assert.ok(dropped('memory') > 0);
  r.clear();
  assert.equal(r.heldBytes, 0);
});

test('A-DTLS-02 fragments that contradict each other are dropped both, and never make one message', () => {
  const contradictions = [
    fragment(0, 11, 6, filled(5, 2)), // another length
    fragment(0, 10, 6, filled(4, 2), H.certificate), // another type
    fragment(0, 10, 4, filled(6, 2)), // overlaps with other bytes
  ];
  for (const contradiction of contradictions) {
    const { r, dropped } = reassembler();
    r.add(fragment(0, 10, 0, filled(6, 1)), 0);
    r.add(contradiction, 0);
    assert.equal(dropped('mismatch'), 1);
    assert.equal(r.take(), undefined);
    assert.equal(r.heldBytes, 0);
    // The next transmission is taken, whichever of the two was wrong.
    r.add(fragment(0, 10, 0, filled(6, 1)), 0);
    r.add(fragment(0, 10, 4, Uint8Array.of(1, 1, 3, 3, 3, 3)), 0);
    assert.deepEqual([...(r.take()?.body ?? [])], [1, 1, 1, 1, 1, 1, 3, 3, 3, 3]);
  }
});

test('A-DTLS-02 a piece ahead that contradicts what joins it is found when they meet', () => {
  const { r, dropped } = reassembler();
  r.add(fragment(0, 10, 5, filled(5, 2)), 0);
  r.add(fragment(0, 10, 0, filled(7, 1)), 0);
  assert.equal(dropped('mismatch'), 1);
  assert.equal(r.take(), undefined);
  assert.equal(r.heldBytes, 0);
});

test('A-DTLS-02 one forged fragment costs one repetition and no more', () => {
  const pair = new DtlsPair().start();
  pair.client.handleRead(plainRecord(ContentType.handshake, fragmentOf(H.serverHello, 0, filled(5), 9)), 0);
  pair.handshake();
  assert.equal(pair.client.state, 'connected');
  assert.ok(pair.now < 100, `${pair.now} ms`);
});

test('A-DTLS-02 a fragment that reaches past its message is malformed', () => {
  const pair = new DtlsPair().start();
  const body = fragmentOf(H.serverHello, 0, filled(20), 30, 11);
  pair.client.handleRead(plainRecord(ContentType.handshake, body), 0);
  assert.equal(pair.client.stats().dropped.get('dtls.malformed'), 1);
  assert.equal(pair.handshake().client.state, 'connected');
});

test('what is authenticated takes the place of what came in the clear, never the other way round', () => {
  const { r, dropped } = reassembler();
  r.add(fragment(0, 12, 0, filled(12, 1), H.finished), 0);
  r.add(fragment(0, 12, 0, filled(12, 2), H.finished), 1);
  r.add(fragment(0, 12, 0, filled(12, 1), H.finished), 0);
  assert.equal(dropped('mismatch'), 1);
  assert.deepEqual(r.take(), { type: H.finished, sequence: 0, body: filled(12, 2), epoch: 1 });
});

test('A-DTLS-03 a million empty fragments of a message change nothing', () => {
  const { r, dropped } = reassembler();
  for (let i = 0; i < 1_000_000; i++) r.add(fragment(0, 10, i % 10, new Uint8Array(0)), 0);
  assert.equal(dropped('empty'), 1_000_000);
  assert.equal(r.heldBytes, 0);
  r.add(fragment(0, 0, 0, new Uint8Array(0), H.serverHelloDone), 0);
  assert.equal(r.take()?.body.length, 0, 'an empty message is whole at once');
});

test('A-DTLS-03 the same at the machine, a hundred in each record', () => {
  const pair = new DtlsPair().start();
  const record = plainRecord(ContentType.handshake, new Uint8Array(Buffer.concat(Array.from({ length: 100 }, () => fragmentOf(H.serverHello, 0, new Uint8Array(0), 10)))));
  for (let i = 0; i < 500; i++) pair.client.handleRead(record.slice(), 0);
  assert.equal(pair.client.stats().dropped.get('dtls.fragment.empty'), 50_000);
  assert.equal(pair.handshake().client.state, 'connected');
});

test('messages cut anywhere, in any order and with repetitions come out whole and in order (RFC 6347 4.2.3)', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2_000), { minLength: 1, maxLength: 7 }), fc.integer({ min: 100, max: 1_500 }), fc.integer(), (lengths, mtu, seed) => {
      const next = seeded(seed);
      const bodies = lengths.map((length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)));
      const items = bodies.map((body, sequence) => ({ content: 'handshake', epoch: 0, type: H.serverHello, sequence, body }) as const);
      const writer = new RecordWriter();
      const datagrams = [...packFlight(items, writer, mtu), ...packFlight(items, writer, 100)];
      assert.ok(datagrams.every((datagram) => datagram.length <= mtu));
      const { r } = reassembler();
      const fragments = datagrams.flatMap(recordsOf).map(({ bytes }) => bytes.subarray(13)).sort(() => next() - 0.5);
      const out: Uint8Array[] = [];
      for (const bytes of fragments) {
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        const [length, sequence, offset] = [view.getUint32(0) & 0xffffff, view.getUint16(4), view.getUint32(5) & 0xffffff];
        r.add(fragment(sequence, length, offset, bytes.subarray(12)), 0);
        for (let message = r.take(); message; message = r.take()) out.push(message.body);
      }
      assert.deepEqual(out, bodies);
      assert.equal(r.heldBytes, 0);
    }),
    { seed: 3, numRuns: 60 },
  );
});

test('A-JS-05 a handshake datagram holds its records and not a byte more', () => {
  const poison = Array.from({ length: 64 }, () => Buffer.allocUnsafe(4_096).fill(0xaa));
  assert.equal(poison.length, 64);
  const pair = new DtlsPair({ client: { mtuBytes: 300 }, server: { mtuBytes: 300 } }).handshake();
  for (const { bytes } of pair.sent) {
    const records = recordsOf(bytes);
    assert.equal(records.reduce((sum, record) => sum + record.bytes.length, 0), bytes.length);
    for (const { type, epoch, bytes: record } of records)
      if (epoch === 0 && type === ContentType.handshake) {
        const view = new DataView(record.buffer, record.byteOffset + 13);
        assert.equal(12 + (view.getUint32(8) & 0xffffff), record.length - 13, 'the fragment fills its record');
      }
  }
});
