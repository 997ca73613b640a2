import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeerConnection } from '../../../src/api/index.ts';
import { createVirtualWorld, virtualRuntime } from '../../../src/runtime/virtual/index.ts';
import { type Fault, Faults, FAULTS, faultyRuntime, SEND_CODES, YEAR_MS } from '../../support/faulty-runtime.ts';
import { connectVirtual } from '../../support/virtual-pair.ts';

/** Addresses to lose sockets of. */
const MANY = Array.from({ length: 8 }, (_, i) => `192.0.2.${10 + i}`);

/** Carries messages both ways while faults happen, and expects each of them, in order, and no connection that failed. */
async function carry(kinds: readonly Fault[], seed: number, messages: number, idleMs = 30_000): Promise<readonly Faults[]> {
  const both: Faults[] = [];
  const { world, a, b, channelA, channelB, states } = await connectVirtual({
    seed,
    link: { delayMs: 10, rateBps: 20_000_000 },
    addressesA: MANY,
    wrapRuntime(runtime, side) {
      const own = new Faults(kinds, 1, seed * 10 + (side === 'a' ? 0 : 1));
      both.push(own);
      return faultyRuntime(runtime, own);
    },
  });
  for (const faults of both) faults.isOn = true;
  const received: string[] = [];
  channelB.handler = { onMessage: (data) => void received.push(String(data)) };
  let echoed = 0;
  channelA.handler = { onMessage: () => void echoed++ };
  for (let i = 0; i < messages; i++) {
    while (!channelA.trySend(`${i} ${'x'.repeat(2000)}`)) await world.run(world.now + 10);
    if (i % 3 === 0) while (!channelB.trySend('answer')) await world.run(world.now + 10);
    if (i % 5 === 0) await world.run(world.now + 20);
  }
  await world.run(() => received.length === messages && echoed === messages / 3, 300_000);
  await world.run(world.now + idleMs);
  assert.deepEqual(states.filter(({ state }) => state === 'failed' || state === 'closed'), []);
  assert.equal(received.length, messages);
  assert.ok(received.every((text, i) => text.startsWith(`${i} `)), 'out of order');
  assert.equal(echoed, messages / 3);
  for (const side of [a, b]) assert.equal(side.connectionState, 'connected');
  await world.until(Promise.all([a.close(), b.close()]));
  return both;
}

const sum = (both: readonly Faults[], fault: Fault): number => both.reduce((total, faults) => total + faults.struck(fault), 0);

// Of what happens in calls that a live connection makes all the time; a clock that it does not read has a test of its own.
for (const [i, fault] of ([...SEND_CODES, 'socket closed', 'late timer', 'suspended'] as const).entries()) {
  test(`${fault} at one call of a hundred loses no message and fails nothing (A-OS-01, A-OS-02, A-OS-03, A-OS-05)`, async () => {
    // Data hurry no timer, so those of an idle connection are waited for.
    const both = await carry([fault], 31 + i, 240, fault === 'late timer' ? 900_000 : 30_000);
    assert.ok(sum(both, fault) >= 3, `${sum(both, fault)} of ${both.map((faults) => faults.calls(fault)).join(' and ')} calls`);
  });
}

for (const seed of [1, 2]) {
  test(`all faults at one call of a hundred each lose no message and fail nothing, seed ${seed}`, async () => {
    const both = await carry(FAULTS, seed, 450, 120_000);
    for (const fault of [...SEND_CODES, 'socket closed', 'suspended'] as const) assert.ok(sum(both, fault) > 0, `${fault} never happened`);
  });
}

for (const seed of [11, 12, 13]) {
  test(`a connection comes up although one call in a hundred fails from the start, seed ${seed}`, async () => {
    const { world, a, b, states } = await connectVirtual({
      seed,
      addressesA: ['192.0.2.1', '192.0.2.3', '192.0.2.5'],
      wrapRuntime(runtime, side) {
        const faults = new Faults(FAULTS, 1, seed * 10 + (side === 'a' ? 0 : 1));
        faults.isOn = true;
        return faultyRuntime(runtime, faults);
      },
    });
    await world.run(world.now + 30_000);
    assert.deepEqual([a.connectionState, b.connectionState], ['connected', 'connected']);
    assert.deepEqual(states.filter(({ state }) => state === 'failed'), []);
    await world.until(Promise.all([a.close(), b.close()]));
  });
}

test('EMFILE at one bind of a hundred while gathering leaves the other addresses, and gathering completes (A-OS-03)', async () => {
  const faults = new Faults(['EMFILE'], 1, 5);
  faults.isOn = true;
  const world = createVirtualWorld();
  const runtime = faultyRuntime(virtualRuntime(world.host('a', { addresses: MANY })), faults);
  for (let i = 0; faults.struck('EMFILE') < 3; i++) {
    assert.ok(i < 200, 'it never happened');
    const before = faults.struck('EMFILE');
    const a = await world.until(createPeerConnection({ runtime }));
    a.createDataChannel('test');
    await world.until(a.setLocalDescription());
    assert.ok(await world.run(() => a.iceGatheringState === 'complete'));
    const candidates = a.localDescription?.sdp.match(/^a=candidate:/gm)?.length ?? 0;
    assert.equal(candidates, MANY.length - (faults.struck('EMFILE') - before));
    await world.until(a.close());
  }
});

test('the wall clock may jump ten years at every reading, both ways: a connection does not look at it', async () => {
  let readings = 0;
  let jumpMs = 0;
  const jump = (): number => (jumpMs += (++readings % 3 === 0 ? -10 : 10) * YEAR_MS);
  const { world, a, b, channelA, channelB, states } = await connectVirtual({
    wrapRuntime: (runtime) => ({ ...runtime, unixNow: () => runtime.unixNow() + jump() }),
  });
  let received = 0;
  channelB.handler = { onMessage: () => void received++ };
  channelA.trySend('one');
  await world.run(world.now + 120_000);
  assert.equal(received, 1);
  assert.deepEqual([a.connectionState, b.connectionState], ['connected', 'connected']);
  assert.deepEqual(states.filter(({ state }) => state === 'failed' || state === 'disconnected'), []);
  await world.until(Promise.all([a.close(), b.close()]));
});

test('a socket that is closed under a connection with another one costs no message', async () => {
  const { world, hostA, a, channelA, channelB } = await connectVirtual({ addressesA: ['192.0.2.1', '192.0.2.3'] });
  const received: string[] = [];
  channelB.handler = { onMessage: (data) => void received.push(String(data)) };
  channelA.trySend('before');
  await world.run(world.now + 1000);
  const used = a.selectedCandidatePair?.local.address ?? '';
  assert.ok(hostA.sockets.length > 1, 'one socket only');
  for (const socket of hostA.sockets) if (socket.localAddress.address === used) socket.kill();
  channelA.trySend('after');
  await world.run(() => received.length === 2, 60_000);
  assert.deepEqual(received, ['before', 'after']);
  assert.equal(a.connectionState, 'connected');
  await world.until(a.close());
});
