import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PayloadKeeper } from '../../../src/sctp/payload.ts';

/** A packet of its own buffer with a payload of `size` bytes at `start`. */
function packet(bytes: number, start: number, size: number, value: number): { readonly packet: Uint8Array; readonly payload: Uint8Array } {
  const whole = new Uint8Array(bytes).fill(0xee);
  const payload = new Uint8Array(size).map((_, i) => value + i);
  whole.set(payload, start);
  return { packet: whole, payload };
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

test('fragments of any sizes, out of packets of any sizes, make the message that their bytes make in a row', () => {
  const fragment = fc.record({ before: fc.integer({ min: 0, max: 40 }), size: fc.integer({ min: 1, max: 9000 }), after: fc.integer({ min: 0, max: 9000 }), value: fc.nat(255) });
  fc.assert(
    fc.property(fc.array(fragment, { minLength: 1, maxLength: 6 }), fc.boolean(), (fragments, isRead) => {
      const keeper = new PayloadKeeper();
      const packets = fragments.map(({ before, size, after, value }) => packet(before + size + after, before, size, value));
      const taken = packets.map((each, i) => keeper.take(each.packet, (fragments[i] as (typeof fragments)[number]).before, each.payload.length));
      if (isRead) keeper.endPacket();
      assert.deepEqual(keeper.join(taken), joined(packets.map(({ payload }) => payload)));
    }),
    { numRuns: 300 },
  );
});

test('a message that is little longer than a fragment lies where that one came, wherever in the message it belongs', () => {
  for (const place of [0, 1]) {
    const keeper = new PayloadKeeper();
    const large = packet(16_421, 53, 16_300, 7);
    const small = packet(16_421, 53, 84, 9);
    const order = place === 0 ? [large, small] : [small, large];
    const taken = order.map((each) => keeper.take(each.packet, 53, each.payload.length));
    keeper.endPacket();
    const message = keeper.join(taken);
    assert.equal(message.buffer, large.packet.buffer);
    assert.deepEqual(message, joined(order.map(({ payload }) => payload)));
  }
});

test('the packet that is being read stays as it is: chunks may follow the one that made a message whole', () => {
  const keeper = new PayloadKeeper();
  const first = packet(16_421, 53, 84, 9);
  const last = packet(16_421, 53, 16_300, 7);
  const taken = [keeper.take(first.packet, 53, 84), keeper.take(last.packet, 53, 16_300)];
  const before = last.packet.slice();
  assert.deepEqual(keeper.join(taken), joined([first.payload, last.payload]));
  assert.deepEqual(last.packet, before);
});

test('of packets that came in one buffer, as frames of a stream do, none is overwritten while another is read', () => {
  const keeper = new PayloadKeeper();
  const buffer = new Uint8Array(16_421 + 200 + 200).fill(0xee);
  const [first, second, third] = [buffer.subarray(0, 16_421), buffer.subarray(16_421, 16_621), buffer.subarray(16_621)];
  const payloads = [first, second].map((bytes, i) => bytes.subarray(12, i === 0 ? 16_400 : 150).map((_, j) => i + j));
  first.set(payloads[0] as Uint8Array, 12);
  second.set(payloads[1] as Uint8Array, 12);
  const taken = [keeper.take(first, 12, 16_388), keeper.take(second, 12, 138)];
  assert.deepEqual(keeper.join(taken), joined(payloads));
  assert.ok(third.every((byte) => byte === 0xee));
});

test('a message never lies in a small buffer, where other payloads may lie', () => {
  const keeper = new PayloadKeeper();
  const host = packet(2048, 53, 1900, 7);
  const other = packet(16_421, 53, 84, 9);
  const taken = [keeper.take(host.packet, 53, 1900), keeper.take(other.packet, 53, 84)];
  keeper.endPacket();
  const before = host.packet.slice();
  assert.deepEqual(keeper.join(taken), joined([host.payload, other.payload]));
  assert.deepEqual(host.packet, before);
});
