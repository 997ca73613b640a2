import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeerConnection } from '../../../src/api/index.ts';
import { RtcError } from '../../../src/core/index.ts';
import type { Runtime, UdpBindOptions, UdpSocket } from '../../../src/runtime/runtime.ts';
import { createVirtualWorld, virtualRuntime } from '../../../src/runtime/virtual/index.ts';
import { socketErrorKind } from '../../../src/runtime/socket-errors.ts';
import { seededRandom } from '../../support/fuzz.ts';
import { connectVirtual } from '../../support/virtual-pair.ts';

const CODES = ['EAGAIN', 'ENOBUFS', 'EMSGSIZE', 'EPERM', 'ECONNREFUSED'] as const;
const YEAR_MS = 365 * 86_400_000;

/** Chances between 0 and 1 that a seed decides. */
function chances(seed: number): () => number {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(4);
  return () => {
    random(bytes);
    return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
  };
}

interface Faults {
  /** How many calls out of a hundred go wrong. */
  readonly percent: number;
  readonly seed: number;
  readonly counts: Map<string, number>;
  /** Whether faults happen now. */
  isOn: boolean;
}

/** A runtime whose calls go wrong now and then: sends fail with errors of the system, timers are a second late, the wall clock jumps. */
function faulty(runtime: Runtime, faults: Faults): Runtime {
  const chance = chances(faults.seed);
  const strikes = (what: string): boolean => {
    if (!faults.isOn || chance() >= faults.percent / 100) return false;
    faults.counts.set(what, (faults.counts.get(what) ?? 0) + 1);
    return true;
  };
  let unixJumpMs = 0;
  return {
    ...runtime,
    unixNow() {
      if (strikes('wall clock')) unixJumpMs = (chance() < 0.5 ? -10 : 10) * YEAR_MS;
      return runtime.unixNow() + unixJumpMs;
    },
    setTimer: (delayMs, callback, keepAlive) => runtime.setTimer(strikes('late timer') ? delayMs + 1000 : delayMs, callback, keepAlive),
    async bindUdp(options: UdpBindOptions): Promise<UdpSocket> {
      if (strikes('EMFILE')) throw new RtcError('ERR_NETWORK', 'cannot bind a UDP socket: EMFILE');
      const socket = await runtime.bindUdp(options);
      return {
        get localAddress() {
          return socket.localAddress;
        },
        get queuedBytes() {
          return socket.queuedBytes;
        },
        send(bytes, remote) {
          const code = CODES[Math.floor(chance() * CODES.length)] as string;
          if (!strikes(code)) return socket.send(bytes, remote);
          runtime.setTimer(0, () => options.handler.onError({ kind: socketErrorKind(code), code, message: code, remote, sizeBytes: bytes.length }));
        },
        close: () => socket.close(),
      };
    },
  };
}

for (const seed of [1, 2, 3]) {
  test(`faults in one call of a hundred lose nothing and fail nothing (A-OS-01, A-OS-02), seed ${seed}`, async () => {
    const counts = new Map<string, number>();
    const faults: Faults[] = [];
    const { world, a, b, channelA, channelB, states } = await connectVirtual({
      seed,
      link: { delayMs: 10, rateBps: 20_000_000 },
      wrapRuntime(runtime, side) {
        const own = { percent: 1, seed: seed * 10 + (side === 'a' ? 0 : 1), counts, isOn: false };
        faults.push(own);
        return faulty(runtime, own);
      },
    });
    for (const one of faults) one.isOn = true;
    const received: string[] = [];
    channelB.handler = { onMessage: (data) => void received.push(String(data)) };
    let echoed = 0;
    channelA.handler = { onMessage: () => void echoed++ };
    const MESSAGES = 1500;
    for (let i = 0; i < MESSAGES; i++) {
      while (!channelA.trySend(`${i} ${'x'.repeat(2000)}`)) await world.run(world.now + 10);
      if (i % 3 === 0) while (!channelB.trySend('answer')) await world.run(world.now + 10);
      if (i % 5 === 0) await world.run(world.now + 20);
    }
    await world.run(() => received.length === MESSAGES && echoed === MESSAGES / 3, 120_000);
    await world.run(world.now + 60_000);
    assert.equal(received.length, MESSAGES);
    assert.ok(received.every((text, i) => text.startsWith(`${i} `)), 'out of order');
    assert.equal(echoed, MESSAGES / 3);
    for (const side of [a, b]) assert.equal(side.connectionState, 'connected');
    assert.deepEqual(states.filter(({ state }) => state === 'failed' || state === 'closed'), []);
    for (const code of CODES) assert.ok((counts.get(code) ?? 0) > 0, `${code} never happened: ${JSON.stringify([...counts])}`);
    assert.ok((counts.get('late timer') ?? 0) > 0, 'no timer was late');
    await world.until(Promise.all([a.close(), b.close()]));
  });
}

for (const seed of [11, 12, 13]) {
  test(`a connection comes up although one call in a hundred fails from the start, seed ${seed}`, async () => {
    const { world, a, b, states } = await connectVirtual({
      seed,
      addressesA: ['192.0.2.1', '192.0.2.3', '192.0.2.5'],
      wrapRuntime: (runtime, side) => faulty(runtime, { percent: 1, seed: seed * 10 + (side === 'a' ? 0 : 1), counts: new Map(), isOn: true }),
    });
    await world.run(world.now + 30_000);
    assert.deepEqual([a.connectionState, b.connectionState], ['connected', 'connected']);
    assert.deepEqual(states.filter(({ state }) => state === 'failed'), []);
    await world.until(Promise.all([a.close(), b.close()]));
  });
}

test('the wall clock may jump ten years at every reading, both ways: a connection does not look at it', async () => {
  let readings = 0;
  const { world, a, b, channelA, channelB, states } = await connectVirtual({
    wrapRuntime: (runtime) => ({ ...runtime, unixNow: () => runtime.unixNow() + (++readings % 2 === 0 ? 10 : 0) * YEAR_MS }),
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

test('files that run out while gathering leave what could be bound, and nothing throws', async () => {
  const world = createVirtualWorld();
  const host = world.host('a', { addresses: ['192.0.2.1', '192.0.2.2'] });
  let binds = 0;
  const runtime = virtualRuntime(host);
  const a = await world.until(
    createPeerConnection({
      runtime: { ...runtime, bindUdp: (options) => (++binds === 1 ? Promise.reject(new RtcError('ERR_NETWORK', 'cannot bind a UDP socket: EMFILE')) : runtime.bindUdp(options)) },
    }),
  );
  a.createDataChannel('test');
  await world.until(a.setLocalDescription());
  await world.run(() => a.iceGatheringState === 'complete');
  assert.equal(a.localDescription?.sdp.match(/^a=candidate:/gm)?.length, 1);
  await world.until(a.close());
});
