import assert from 'node:assert/strict';
import test from 'node:test';
import { SctpWorld } from '../../support/sctp.ts';

// What a peer has not acknowledged goes on in the association that follows one that it has left.

function numbered(i: number, size: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(size, 4)).fill(i);
  new DataView(bytes.buffer).setUint32(0, i);
  return bytes;
}

const indexOf = ({ data }: { readonly data: Uint8Array }): number => new DataView(data.buffer, data.byteOffset).getUint32(0);

/** Leaves an association, and goes on in another. */
function goOn(old: SctpWorld, seed: number): SctpWorld {
  const world = new SctpWorld({ seed, link: { delayMs: 10 } });
  world.a.association.connect(0);
  world.a.association.takeOver(old.a.association, 0);
  world.run(60_000);
  for (const { data, streamId } of world.b.messages) assert.deepEqual([data, streamId], [numbered(indexOf({ data }), data.length), indexOf({ data }) % 3]);
  return world;
}

test('what was acknowledged does not come again, and all else comes in the order of its stream', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const old = SctpWorld.connected({ seed, link: { delayMs: 10, loss: 0.1 } });
    for (let i = 0; i < 300; i++) old.a.association.handleWrite({ streamId: i % 3, ppid: 53, data: numbered(i, (i % 7) * 700), ordered: true }, old.now);
    old.run(40 + seed * 10);
    const world = goOn(old, seed + 100);
    const got = [...old.b.messages, ...world.b.messages];
    assert.equal(new Set(got.map(indexOf)).size, 300, `seed ${seed}: all came`);
    for (let stream = 0; stream < 3; stream++) {
      const second = world.b.messages.filter((message) => message.streamId === stream).map(indexOf);
      assert.deepEqual(second, second.toSorted((x, y) => x - y));
      assert.equal(new Set(second).size, second.length);
      const first = old.b.messages.filter((message) => message.streamId === stream).map(indexOf);
      // Only what was on its way, at most a round trip of it, comes twice.
      assert.ok(second.length + first.length <= 100 + 64, `seed ${seed}: ${first.length} and ${second.length} on stream ${stream}`);
    }
  }
});

test('when everything was acknowledged there is nothing to go on with', () => {
  const old = SctpWorld.connected({ link: { delayMs: 10 } });
  for (let i = 0; i < 30; i++) old.a.association.handleWrite({ streamId: i % 3, ppid: 53, data: numbered(i, 100), ordered: i % 2 === 0 }, old.now);
  old.run(5000);
  assert.equal(old.b.messages.length, 30);
  assert.deepEqual(goOn(old, 5).b.messages, []);
});

test('an ordered message that waits behind a gap comes again, an unordered one does not', () => {
  const old = SctpWorld.connected({ link: { delayMs: 10 } });
  let packets = 0;
  old.filter = (from) => from !== old.a || packets++ > 0;
  const { association } = old.a;
  association.handleWrite({ streamId: 0, ppid: 53, data: numbered(0, 1100), ordered: true }, old.now);
  association.handleWrite({ streamId: 0, ppid: 53, data: numbered(3, 1100), ordered: true }, old.now);
  association.handleWrite({ streamId: 0, ppid: 53, data: numbered(6, 1100), ordered: false }, old.now);
  old.run(45); // acknowledged behind the gap, which is not repaired yet
  assert.deepEqual(old.b.messages.map(indexOf), [6]);
  old.filter = () => false;
  assert.deepEqual(goOn(old, 6).b.messages.map(indexOf), [0, 3]);
});

test('what is sent a limited number of times had its chance; what has not begun is sent while its time lasts (RFC 7496)', () => {
  const old = SctpWorld.connected({ link: { delayMs: 10 } });
  old.filter = () => false;
  const { association } = old.a;
  association.handleWrite({ streamId: 0, ppid: 53, data: numbered(0, 100), ordered: true, maxRetransmits: 3 }, old.now);
  old.settle(); // on its way
  for (let i = 1; i < 40; i++) association.handleWrite({ streamId: 1, ppid: 53, data: numbered(1 + 3 * i, 1100), ordered: true }, old.now);
  association.handleWrite({ streamId: 2, ppid: 53, data: numbered(2, 100), ordered: true, lifetimeMs: 1 }, old.now - 1000);
  association.handleWrite({ streamId: 2, ppid: 53, data: numbered(5, 100), ordered: true, maxRetransmits: 0 }, old.now);
  const got = goOn(old, 7).b.messages.map(indexOf);
  assert.ok(!got.includes(0) && !got.includes(2), 'neither comes');
  assert.ok(got.includes(5));
  assert.equal(got.length, 40);
});
