import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DataChannel, type PeerConnection, TrackRemote } from '../../../src/api/index.ts';
import type { IncomingPacket } from '../../../src/interceptor/index.ts';
import { encodeRtp, ExtensionMap, RtpPacket } from '../../../src/rtp/index.ts';
import { connectPair, within } from '../../support/peers.ts';

test('A-JS-08 every callback may throw or reject: it is reported, and the connection goes on', async () => {
  const errors: unknown[] = [];
  const thrower = {
    onNegotiationNeeded: () => fail('sync'),
    onIceCandidate: () => fail('sync'),
    onSignalingStateChange: async () => fail('async'),
    onIceConnectionStateChange: () => fail('sync'),
    onIceGatheringStateChange: async () => fail('async'),
    onConnectionStateChange: () => fail('sync'),
    onDataChannel: async () => fail('async'),
    onError: (error: unknown) => {
      errors.push(error);
      throw new Error('even this one');
    },
  };
  const pair = await connectPair({ a: { handler: thrower }, b: { handler: thrower } });
  const { channelA, channelB } = pair;
  channelB.handler = {
    onMessage: (data) => {
      void channelB.send(data);
      fail('sync');
    },
  };
  const echoed: string[] = [];
  channelA.handler = { onMessage: (data) => void echoed.push(String(data)) };
  for (let i = 0; i < 5; i++) await channelA.send(`${i}`);
  await within(until(() => echoed.length === 5), 5000, 'five echoes');
  assert.deepEqual(echoed, ['0', '1', '2', '3', '4']);
  assert.ok(errors.length > 10, `${errors.length} errors reported`);
  assert.equal(pair.a.connectionState, 'connected');
  await pair.close();
});

test('A-JS-08 a callback that never returns stops nothing', async () => {
  const never = () => new Promise<void>(() => {});
  const pair = await connectPair({
    a: { handler: { onIceCandidate: never, onConnectionStateChange: never, onNegotiationNeeded: never } },
    b: { handler: { onIceCandidate: never, onDataChannel: never } },
  });
  let received = 0;
  pair.channelB.handler = {
    onMessage: () => {
      received++;
      return never();
    },
  };
  for (let i = 0; i < 20; i++) await pair.channelA.send('x');
  await within(until(() => received === 20), 5000, 'twenty messages');
  await pair.close();
});

test('A-JS-09 close, send and createDataChannel inside every callback lose no event and free nothing twice', async () => {
  const hooks = ['onIceCandidate', 'onSignalingStateChange', 'onIceConnectionStateChange', 'onIceGatheringStateChange', 'onConnectionStateChange', 'onNegotiationNeeded'] as const;
  for (const hook of hooks) {
    const pair = await connectPair();
    const target: { pc?: PeerConnection } = {};
    const again = await connectPair({ a: { handler: { [hook]: () => void target.pc?.createDataChannel(`from ${hook}`) } } });
    target.pc = again.a;
    again.a.restartIce();
    await again.a.setLocalDescription();
    await again.channelA.send('still open');
    await Promise.all([pair.close(), again.close()]);
  }
});

test('A-JS-09 closing the connection inside a channel’s callbacks ends it once', async () => {
  for (const hook of ['onOpen', 'onMessage', 'onBufferedAmountLow', 'onClosing', 'onClose'] as const) {
    const pair = await connectPair();
    let calls = 0;
    const handler = {
      [hook]: () => {
        calls++;
        void pair.b.close();
        assert.throws(() => pair.channelB.trySend('after close'), { code: 'ERR_CLOSED' });
      },
    };
    pair.channelB.handler = handler;
    await pair.channelB.send(new Uint8Array(100_000)); // its sending reports bufferedamountlow
    await pair.channelA.send('to b');
    if (hook === 'onOpen') await pair.b.close(); // it was open before the handler was set
    if (hook === 'onClosing' || hook === 'onClose') void pair.channelA.close();
    await within(pair.channelB.closed, 5000, hook);
    assert.ok(calls <= 1, `${hook} was called ${calls} times`);
    assert.equal(pair.b.connectionState, 'closed');
    await pair.close();
  }
});

test('A-JS-12 100,000 messages in one go do not starve the event loop of their host', async () => {
  const pair = await connectPair();
  let received = 0;
  pair.channelB.handler = { onMessage: () => void received++ };
  pair.channelA.bufferedAmountHighThreshold = 64 * 1024 * 1024;
  let late = 0;
  // In CPU time of this process, which has both ends: what else the machine does is not its fault.
  let last = process.cpuUsage();
  const ticks = setInterval(() => {
    const { user, system } = process.cpuUsage(last);
    last = process.cpuUsage();
    late = Math.max(late, (user + system) / 1000 - 10);
  }, 10);
  const payload = new Uint8Array(10);
  await fill(pair.channelA, payload, 100_000);
  await within(until(() => received === 100_000), 30_000, 'all messages');
  clearInterval(ticks);
  assert.ok(late < 250, `between two ticks of 10 ms the process worked for ${late.toFixed(0)} ms more`); // the bar is 50 ms on an idle machine
  await pair.close();
});

async function fill(channel: DataChannel, payload: Uint8Array, count: number): Promise<void> {
  for (let i = 0; i < count; ) {
    for (let batch = 0; batch < 500 && i < count; batch++, i++) await channel.send(payload);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function fail(how: string): never {
  throw new Error(`on purpose (${how})`);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('A-JS-08 what the callbacks of a remote track throw or reject with is reported, and every packet goes on', async () => {
  const errors: unknown[] = [];
  const port = { codecs: () => new Map(), extensions: () => new ExtensionMap(), requestKeyframe: () => {}, now: () => 0, onCallbackError: (error: unknown) => void errors.push(error) };
  const track = new TrackRemote(port, { kind: 'video', id: 'v', rid: undefined, streamIds: [] });
  const bytes = encodeRtp({ payloadType: 96, sequenceNumber: 1, timestamp: 2, ssrc: 3, payload: new Uint8Array(4) });
  const { header } = RtpPacket.decode(bytes);
  let seen = 0;
  const endTap = track.tap(async () => fail('tap'));
  track.handler = { onRtp: async () => { seen++; fail('later'); }, onUnmute: async () => fail('later'), onMute: () => fail('sync') };
  for (let i = 0; i < 2; i++) track.onPacket({ bytes, header } as IncomingPacket);
  endTap();
  track.handler = { ...track.handler, onRtp: () => { seen++; fail('sync'); } };
  track.onPacket({ bytes, header } as IncomingPacket);
  track.setMuted(true);
  await new Promise(setImmediate);
  assert.equal(seen, 3);
  assert.equal(errors.length, 7);
});
