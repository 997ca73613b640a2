import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createPeerConnection, type DataChannel, generateCertificate, RtcError, TrackLocalStaticRtp } from '../../../src/api/index.ts';
import type { ConnectionPool } from '../../../src/pool/index.ts';
import { connectPooled, negotiate, sourcePool } from '../../support/pool.ts';
import { within } from '../../support/peers.ts';

const PATIENCE_MS = 20_000;
const pool: ConnectionPool = sourcePool();
after(() => pool.close());

/** The first messages of a channel. */
function messages(channel: DataChannel, count: number): Promise<(string | Uint8Array)[]> {
  const got: (string | Uint8Array)[] = [];
  return within(
    new Promise((resolve) => {
      channel.handler = { onMessage: (data) => void (got.push(data) === count && resolve(got)) };
    }),
    PATIENCE_MS,
    `${count} messages`,
  );
}

test('connections are spread over the workers, and what is sent arrives as it was, in order', async () => {
  const { a, b, channelA, channelB } = await connectPooled(pool);
  assert.deepEqual(pool.load, [1, 1]);
  assert.deepEqual([a.connectionState, b.connectionState, a.signalingState], ['connected', 'connected', 'stable']);
  const sent = ['', 'grüße', new Uint8Array(0), Uint8Array.of(1, 2, 3), new Uint8Array(200_000).map((_, i) => i >> 3), 'x'.repeat(20_000), new Uint8Array(8192).fill(9), 'end'];
  const arriving = messages(channelB, sent.length);
  for (const message of sent) await channelA.send(message);
  for (const [i, message] of (await arriving).entries()) assert.deepEqual(message, sent[i], `message ${i}`);
  const back = messages(channelA, 1);
  await channelB.send('back');
  assert.deepEqual(await back, ['back']);
  assert.equal((await a.getStats()).byType('data-channel')[0]?.messagesReceived, 1);
  assert.match(a.selectedCandidatePair!.local.address, /^127/);
  await Promise.all([a.close(), b.close()]);
  assert.deepEqual(pool.load, [0, 0]);
  assert.deepEqual([channelA.readyState, channelB.readyState, a.connectionState], ['closed', 'closed', 'closed']);
});

test('the sender keeps its bytes: they may change after the call', async () => {
  const { a, b, channelA, channelB } = await connectPooled(pool);
  const arriving = messages(channelB, 2);
  for (const size of [100, 100_000]) {
    const bytes = new Uint8Array(size).fill(1);
    await channelA.send(bytes);
    bytes.fill(2);
  }
  for (const message of await arriving) assert.ok((message as Uint8Array).every((byte) => byte === 1));
  await Promise.all([a.close(), b.close()]);
});

test('messages that share a buffer on their way to the worker arrive as they were', async () => {
  const { a, b, channelA, channelB } = await connectPooled(pool);
  for (let round = 0; round < 4; round++) {
    const sent = Array.from({ length: 250 }, (_, i) => new Uint8Array(2500 + 20 * i).fill(round * 50 + i));
    const arriving = messages(channelB, sent.length);
    await Promise.all(sent.map((message) => channelA.send(message)));
    for (const [i, message] of (await arriving).entries()) assert.deepEqual(message, sent[i], `message ${i} of round ${round}`);
  }
  await Promise.all([a.close(), b.close()]);
});

test('what is not read stays with the peer, and nothing of it is lost', async () => {
  const { a, b, channelA, channelB } = await connectPooled(pool, { b: { settings: { receiveWindowBytes: 256 * 1024 } } });
  const message = new Uint8Array(64 * 1024);
  let sent = 0;
  let isStuck = false;
  const sending = (async (): Promise<void> => {
    for (; sent < 400 && !isStuck; sent++) await channelA.send(message);
  })();
  let before = -1;
  while (sent !== before || sent === 0) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  isStuck = true;
  assert.ok(sent < 200, `${sent} messages of 64 KiB were taken of a channel that nobody reads`);
  let received = 0;
  const done = new Promise<void>((resolve) => {
    channelB.handler = { onMessage: () => void (++received === sent && resolve()) };
  });
  await sending;
  await within(done, PATIENCE_MS, 'the rest');
  await Promise.all([a.close(), b.close()]);
});

test('send waits for the worker, and bufferedAmount falls to nothing', async () => {
  const { a, b, channelA, channelB } = await connectPooled(pool);
  let received = 0;
  channelB.handler = { onMessage: (data) => void (received += data.length) };
  const message = new Uint8Array(32 * 1024);
  let refused = 0;
  for (let i = 0; i < 100; i++) if (!channelA.trySend(message)) refused++;
  assert.ok(refused > 0, 'trySend took more than the high threshold');
  assert.ok(channelA.bufferedAmount > 1024 * 1024 && channelA.bufferedAmount <= 1024 * 1024 + message.length, `${channelA.bufferedAmount}`);
  const low = new Promise<void>((resolve) => {
    channelA.handler = { onBufferedAmountLow: () => resolve() };
  });
  await within(low, PATIENCE_MS, 'bufferedamountlow');
  assert.equal(channelA.bufferedAmount, 0);
  while (received < (100 - refused) * message.length) await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all([a.close(), b.close()]);
});

test('channels of all kinds, closed from either side, after their last message', async () => {
  const { a, b, channelA, channelB } = await connectPooled(pool);
  const label = 'unordered';
  const arrived = new Promise<DataChannel>((resolve) => {
    void (async () => {
      for await (const event of b.events()) if (event.type === 'datachannel') resolve(event.channel);
    })();
  });
  const own = a.createDataChannel(label, { ordered: false, maxRetransmits: 3, protocol: 'p' });
  await own.opened;
  const far = await arrived;
  assert.deepEqual([far.label, far.ordered, far.maxRetransmits, far.protocol, far.id === own.id, own.id !== null], [label, false, 3, 'p', true, true]);
  await far.send('last');
  void far.close();
  const got: unknown[] = [];
  for await (const message of own) got.push(message);
  assert.deepEqual(got, ['last']);
  await Promise.all([own.closed, far.closed]);
  assert.deepEqual([channelA.readyState, channelB.readyState], ['open', 'open']);
  await Promise.all([a.close(), b.close()]);
});

test('errors keep their codes on the way, and calls keep their order', async () => {
  const connection = await pool.createPeerConnection({ udpAddrs: ['127.0.0.1:0'] });
  await assert.rejects(connection.createAnswer(), { code: 'ERR_INVALID_STATE' });
  await assert.rejects(connection.setRemoteDescription({ type: 'offer', sdp: 'v=0\r\nnonsense' }), (error) => error instanceof RtcError && error.code === 'ERR_SDP_SYNTAX');
  assert.throws(() => connection.createDataChannel('x', { maxRetransmits: -1 }), { code: 'ERR_INVALID_ARGUMENT' });
  await assert.rejects(connection.setConfiguration({ bundlePolicy: 'max-compat' }), { code: 'ERR_INVALID_MODIFICATION' });
  await connection.setConfiguration({ iceTransportPolicy: 'relay' });
  assert.equal(connection.getConfiguration().iceTransportPolicy, 'relay');
  await assert.rejects(pool.createPeerConnection({ udpAddrs: ['nowhere'] }), { code: 'ERR_INVALID_ARGUMENT' });
  await assert.rejects(pool.createPeerConnection({ udpAddrs: ['203.0.113.200:0'] }), { code: 'ERR_NETWORK' });
  const closing = connection.close();
  await assert.rejects(connection.createOffer(), { code: 'ERR_CLOSED' });
  assert.throws(() => connection.createDataChannel('x'), { code: 'ERR_CLOSED' });
  await closing;
  assert.deepEqual(pool.load, [0, 0]);
});

test('a certificate of this thread is the one that the worker shows', async () => {
  const certificate = generateCertificate();
  const connection = await pool.createPeerConnection({ udpAddrs: ['127.0.0.1:0'], configuration: { certificates: [certificate] } });
  connection.createDataChannel('x');
  await connection.setLocalDescription();
  await connection.gathered();
  const { sdp } = connection.localDescription!;
  assert.match(sdp, /^a=candidate:/m);
  assert.ok(sdp.includes(certificate.fingerprint('sha-256').value), 'another fingerprint');
  await connection.close();
});

test('media are refused in words: tracks of ours, and those of the peer', async () => {
  let told: (error: unknown) => void = () => {};
  const error = new Promise<unknown>((resolve) => (told = resolve));
  const pooled = await pool.createPeerConnection({ udpAddrs: ['127.0.0.1:0'], handler: { onError: (reason) => told(reason) } });
  for (const add of ['addTrack', 'addTransceiver'] as const) assert.throws(() => pooled[add]('video'), { code: 'ERR_NOT_SUPPORTED', message: /createPeerConnection/ });
  const peer = await createPeerConnection({ udpAddrs: ['127.0.0.1:0'] });
  peer.addTrack(new TrackLocalStaticRtp({ codec: 'video/VP8' }));
  await peer.setLocalDescription();
  await pooled.setRemoteDescription(peer.localDescription!);
  assert.equal(((await within(error, PATIENCE_MS, 'an error')) as RtcError).code, 'ERR_NOT_SUPPORTED');
  await Promise.all([peer.close(), pooled.close()]);
});

test('the peer that closes is heard of, and an ICE restart keeps the channel', async () => {
  const { a, b, channelA, channelB } = await connectPooled(pool);
  await a.restartIce();
  await negotiate(a, b);
  const arriving = messages(channelB, 1);
  await channelA.send('after');
  assert.deepEqual(await arriving, ['after']);
  await a.close();
  await within(channelB.closed, PATIENCE_MS, 'the end of the channel');
  await b.close();
});

test('a worker that crashes fails its connections, not the process nor the other workers; the next connection has a new worker', async () => {
  const own = sourcePool({ setup: new URL('../../support/pool-crash.mjs', import.meta.url) });
  const states: string[] = [];
  const { a, b, channelA } = await connectPooled(own, { a: { handler: { onConnectionStateChange: (state) => void states.push(state) } } });
  const reading = (async () => {
    for await (const _ of channelA);
  })();
  const third = own.createPeerConnection({ udpAddrs: ['127.0.0.9:0'] }).catch(() => {}); // in the worker of the first
  await within(Promise.all([channelA.closed, reading, third]), PATIENCE_MS, 'the end of the channel');
  assert.equal(states.at(-1), 'failed');
  assert.deepEqual([a.connectionState, b.connectionState], ['failed', 'connected']);
  await assert.rejects(a.createOffer(), { code: 'ERR_NETWORK' });
  await assert.rejects(channelA.send('x'), { code: 'ERR_CLOSED' });
  assert.deepEqual(own.load, [0, 1]);
  await a.close();
  const again = await own.createPeerConnection({ udpAddrs: ['127.0.0.1:0'] });
  assert.deepEqual(own.load, [1, 1]);
  await own.close();
  assert.deepEqual([again.connectionState, b.connectionState], ['closed', 'closed']);
});

test('a setup that cannot be loaded, a bad number of workers and a closed pool are refused', async () => {
  const broken = sourcePool({ workers: 1, setup: new URL('nowhere.mjs', import.meta.url) });
  await assert.rejects(broken.createPeerConnection(), { code: 'ERR_NETWORK' });
  await broken.close();
  await assert.rejects(broken.createPeerConnection(), { code: 'ERR_CLOSED' });
  for (const workers of [0, -1, 1.5, Number.NaN]) assert.throws(() => sourcePool({ workers }), { code: 'ERR_INVALID_ARGUMENT' });
});
