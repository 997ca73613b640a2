import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LEAST_OWN_BUFFER_BYTES } from '../../../src/pool/constants.ts';
import { type BatchPort, Outbox, unpack } from '../../../src/pool/outbox.ts';
import type { Batch } from '../../../src/pool/packets.ts';

type Step = readonly [kind: 'note', note: string] | readonly [kind: 'amount', connection: number, channel: number, bytes: number] | readonly [kind: 'message', connection: number, channel: number, isBinary: boolean, sizeBytes: number];

/** A port to the other thread, which gets what is posted as a thread would: cloned, with the buffers handed over. */
class Port implements BatchPort {
  readonly batches: Batch<string>[] = [];
  transferred = 0;

  postMessage(batch: unknown, transfer: readonly ArrayBuffer[]): void {
    this.transferred += transfer.length;
    this.batches.push(structuredClone(batch as Batch<string>, { transfer: [...transfer] }));
  }
}

/** Short enough to compare and to print. */
const summary = (bytes: Uint8Array): string => `${bytes.length} bytes, ${bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 0)}`;

function bytesOf(size: number): Uint8Array {
  return new Uint8Array(size).map((_, i) => (size + 7 * i) & 0xff);
}

/** Everything that comes out of the other end, in its order. */
function received(port: Port): unknown[] {
  const got: unknown[] = [];
  for (const batch of port.batches) {
    unpack(batch, {
      onNote: (note) => void got.push(['note', note]),
      onAmount: (connection, channel, bytes) => void got.push(['amount', connection, channel, bytes]),
      onMessage: (connection, channel, isBinary, bytes) => void got.push(['message', connection, channel, isBinary, summary(bytes)]),
    });
  }
  return got;
}

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const size = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 0, max: 300 }) }, { weight: 1, arbitrary: fc.integer({ min: LEAST_OWN_BUFFER_BYTES - 2, max: LEAST_OWN_BUFFER_BYTES + 2 }) });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constant('note' as const), fc.string()),
  fc.tuple(fc.constant('amount' as const), u32, u32, u32),
  fc.tuple(fc.constant('message' as const), u32, u32, fc.boolean(), size),
);

test('what is put into a batch comes out at the other end, in its order, whatever it is and however often it is posted', () => {
  fc.assert(
    fc.property(fc.array(fc.array(step, { maxLength: 30 }), { maxLength: 4 }), (turns) => {
      const port = new Port();
      const outbox = new Outbox<string>(port);
      for (const steps of turns) {
        for (const one of steps) {
          if (one[0] === 'note') outbox.note(one[1]);
          else if (one[0] === 'amount') outbox.amount(one[1], one[2], one[3]);
          else outbox.message(one[1], one[2], one[3], bytesOf(one[4]));
        }
        outbox.post();
      }
      const expected = turns.flat().map((one) => (one[0] === 'message' ? [...one.slice(0, 4), summary(bytesOf(one[4]))] : [...one]));
      assert.deepEqual(received(port), expected);
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test('a long message alone in its buffer is handed over as it is; a part of a buffer is not, and short ones share one', () => {
  const port = new Port();
  const outbox = new Outbox<string>(port);
  const alone = bytesOf(LEAST_OWN_BUFFER_BYTES);
  const part = bytesOf(2 * LEAST_OWN_BUFFER_BYTES).subarray(5, 5 + LEAST_OWN_BUFFER_BYTES);
  outbox.message(1, 1, true, alone);
  outbox.message(1, 1, true, part);
  for (let i = 0; i < 20; i++) outbox.message(1, 1, true, bytesOf(40));
  outbox.post();
  assert.equal(alone.length, 0, 'it is not ours any more');
  assert.equal(part.length, LEAST_OWN_BUFFER_BYTES);
  assert.equal(port.transferred, 3);
  assert.deepEqual(received(port).length, 22);
});

test('nothing is posted when there is nothing, and what is only known at the end gets into the same batch', () => {
  const port = new Port();
  let isAsked = 0;
  const outbox: Outbox<string> = new Outbox<string>(port, () => {
    if (isAsked++ > 0) outbox.amount(1, 2, 3);
  });
  outbox.post();
  assert.equal(port.batches.length, 0);
  outbox.note('x');
  outbox.post();
  assert.equal(port.batches.length, 1);
  assert.deepEqual(received(port), [['note', 'x'], ['amount', 1, 2, 3]]);
});
