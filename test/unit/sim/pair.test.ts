import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Datagram, Deadline, Protocol } from '../../../src/core/index.ts';
import { Queue, TimerTable } from '../../../src/core/index.ts';
import { BYTES_WIRE, DATAGRAM_WIRE, Pair } from '../../../src/sim/index.ts';

/** Sends one number at a time until it is acknowledged: the smallest protocol that needs timers. */
class StopAndWait implements Protocol<Uint8Array, number, number, Uint8Array, never, 'idle'> {
  readonly #toSend: Queue<number> = new Queue();
  readonly #delivered: Queue<number> = new Queue();
  readonly #out: Queue<Uint8Array> = new Queue();
  readonly #events: Queue<'idle'> = new Queue();
  readonly #timers = new TimerTable<'retransmit'>();
  #next = 0;
  #expected = 0;

  handleWrite(value: number, now: number): void {
    this.#toSend.push(value);
    if (this.#toSend.length === 1) this.#transmit(now);
  }
  handleRead(bytes: Uint8Array, now: number): void {
    if (bytes.length !== 4 || bytes[0]! + bytes[1]! + bytes[2]! !== bytes[3]) return;
    const [kind, sequence, value] = bytes as unknown as [number, number, number];
    bytes.fill(0xff); // ours to destroy
    if (kind === 1) {
      if (sequence === this.#expected) {
        this.#delivered.push(value);
        this.#expected = (this.#expected + 1) & 63;
      }
      this.#out.push(Uint8Array.of(0, sequence, 0, sequence));
    } else if (sequence === this.#next && this.#toSend.length > 0) {
      this.#next = (this.#next + 1) & 63;
      this.#toSend.shift();
      this.#timers.clear();
      if (this.#toSend.length > 0) this.#transmit(now);
      else this.#events.push('idle');
    }
  }
  pollRead(): number | undefined {
    return this.#delivered.shift();
  }
  pollWrite(): Uint8Array | undefined {
    return this.#out.shift();
  }
  pollEvent(): 'idle' | undefined {
    return this.#events.shift();
  }
  handleEvent(): void {}
  handleTimeout(now: number): void {
    if (this.#timers.expire(now)) this.#transmit(now);
  }
  pollTimeout(): Deadline | undefined {
    return this.#timers.next();
  }
  close(): void {
    this.#timers.clear();
  }
  #transmit(now: number): void {
    const value = this.#toSend.peek() as number;
    this.#out.push(Uint8Array.of(1, this.#next, value, 1 + this.#next + value));
    this.#timers.set('retransmit', now + 100);
  }
}

const values = Array.from({ length: 100 }, (_, i) => i);

function transfer(seed: number) {
  const pair = new Pair({
    a: new StopAndWait(),
    b: new StopAndWait(),
    wire: BYTES_WIRE,
    seed,
    link: { delayMs: 20, loss: 0.3, duplicate: 0.1, corrupt: 0.1 },
  });
  for (const value of values) pair.a.machine.handleWrite(value, pair.now);
  return { pair, isDone: pair.drive(() => pair.b.reads.length === values.length && pair.a.events.length === 1) };
}

test('a pair carries a protocol over a link that loses, doubles and corrupts', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { pair, isDone } = transfer(seed);
    assert.ok(isDone);
    assert.deepEqual(pair.b.reads, values);
    const { lost, duplicated, corrupted } = pair.a.link.stats;
    assert.ok(lost > 0 && duplicated > 0 && corrupted > 0, JSON.stringify(pair.a.link.stats));
  }
});

test('a pair does the same for the same seed, and something else for another', () => {
  const runs = [5, 5, 6].map((seed) => transfer(seed).pair);
  assert.equal(runs[0]!.trace.hash(), runs[1]!.trace.hash());
  assert.equal(runs[0]!.now, runs[1]!.now);
  assert.notEqual(runs[0]!.trace.hash(), runs[2]!.trace.hash());
});

test('a pair loses what its filter names, and counts the retransmission', () => {
  const lost: number[] = [];
  const pair = new Pair({
    a: new StopAndWait(),
    b: new StopAndWait(),
    wire: BYTES_WIRE,
    filter: (from, _unit, index) => {
      if (from === 'b' || index > 1) return true;
      lost.push(index);
      return false;
    },
  });
  pair.a.machine.handleWrite(7, 0);
  assert.ok(pair.drive(() => pair.a.events.length === 1));
  assert.deepEqual(lost, [0, 1]);
  assert.equal(pair.now, 202);
});

test('a pair leaves alone what nobody wants to read, and stops at a time', () => {
  const pair = new Pair({ a: new StopAndWait(), b: new StopAndWait(), wire: BYTES_WIRE, startMs: 1000 });
  pair.b.isReading = false;
  pair.a.machine.handleWrite(7, pair.now);
  assert.ok(pair.drive(1050));
  assert.equal(pair.now, 1050);
  assert.deepEqual(pair.b.reads, []);
  assert.equal(pair.b.machine.pollRead(), 7);
});

test('a pair gives up on a condition when nothing is left to happen, or its limit is over', () => {
  const idle = new Pair({ a: new StopAndWait(), b: new StopAndWait(), wire: BYTES_WIRE });
  assert.equal(
    idle.drive(() => false),
    false,
  );
  const deaf = new Pair({ a: new StopAndWait(), b: new StopAndWait(), wire: BYTES_WIRE, link: { down: true } });
  deaf.a.machine.handleWrite(1, 0);
  assert.equal(
    deaf.drive(() => deaf.b.reads.length > 0, 5000),
    false,
  );
  assert.ok(deaf.now >= 4900 && deaf.now <= 5000);
});

test('a pair names the machine that would stop time', () => {
  const stuck = new StopAndWait();
  stuck.pollTimeout = () => ({ at: 0, reason: 'stuck' });
  const pair = new Pair({ a: stuck, b: new StopAndWait(), wire: BYTES_WIRE });
  assert.throws(() => pair.drive(10), /time stands still at 0: a waits for stuck, b waits for nothing/);
});

test('the ends of a datagram change places on the wire', () => {
  const datagram: Datagram = {
    bytes: Uint8Array.of(1),
    local: { address: '192.0.2.1', port: 1 },
    remote: { address: '192.0.2.2', port: 2 },
  };
  const bytes = Uint8Array.of(2);
  assert.deepEqual(DATAGRAM_WIRE.arrive(datagram, bytes), { bytes, local: datagram.remote, remote: datagram.local });
  assert.equal(DATAGRAM_WIRE.bytes(datagram), datagram.bytes);
});
