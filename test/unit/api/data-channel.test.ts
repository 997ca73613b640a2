import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelPort } from '../../../src/api/channel-port.ts';
import { DataChannel, type DataChannelMessage, RtcError } from '../../../src/api/index.ts';
import { priorityOf } from '../../../src/api/priority.ts';
import { SendBuffer } from '../../../src/api/send-buffer.ts';
import type { ChannelHandle } from '../../../src/datachannel/index.ts';
import { connectPair, within } from '../../support/peers.ts';

test('messages of every size and kind arrive whole, in order and as what they were sent as (RFC 8831 6.6)', async () => {
  const { channelA, channelB, close } = await connectPair();
  const sizes = [0, 1, 1200, 16_384, 65_536, 262_144];
  for (const size of sizes) {
    await channelA.send('x'.repeat(size));
    await channelA.send(new Uint8Array(size).fill(size % 251));
  }
  const received: DataChannelMessage[] = [];
  for await (const message of channelB) {
    received.push(message);
    if (received.length === 2 * sizes.length) break;
  }
  sizes.forEach((size, i) => {
    assert.equal(received[2 * i], 'x'.repeat(size));
    assert.deepEqual(received[2 * i + 1], new Uint8Array(size).fill(size % 251));
  });
  await close();
});

test('a message is copied: changing the buffer after send changes nothing', async () => {
  const { channelA, channelB, close } = await connectPair();
  const bytes = new Uint8Array(50_000).fill(1);
  channelA.trySend(bytes);
  bytes.fill(2);
  const event = await messageOf(channelB.poll(), channelB);
  assert.deepEqual(event, new Uint8Array(50_000).fill(1));
  await close();
});

test('the attributes of a channel are those of the W3C interface, on both sides (W3C 6.2)', async () => {
  const { channelA, channelB, close } = await connectPair({ channel: { ordered: false, maxRetransmits: 3, protocol: 'chess' }, label: 'gämes' });
  for (const channel of [channelA, channelB]) {
    assert.equal(channel.label, 'gämes');
    assert.equal(channel.protocol, 'chess');
    assert.equal(channel.ordered, false);
    assert.equal(channel.maxRetransmits, 3);
    assert.equal(channel.maxPacketLifeTime, null);
    assert.equal(channel.negotiated, false);
    assert.equal(channel.readyState, 'open');
  }
  assert.equal(typeof channelA.id, 'number');
  assert.equal(channelA.id, channelB.id);
  await close();
});

test('a priority is that of the maker on both sides, low by default, and another word is refused (RFC 8831 6.4)', async () => {
  const { a, channelA, channelB, close } = await connectPair({ channel: { priority: 'high' } });
  assert.deepEqual([channelA.priority, channelB.priority], ['high', 'high']);
  assert.equal(a.createDataChannel('usual').priority, 'low');
  assert.throws(() => a.createDataChannel('x', { priority: 'urgent' as 'high' }), { code: 'ERR_INVALID_ARGUMENT' });
  assert.deepEqual([0, 128, 129, 256, 512, 513, 65_535].map(priorityOf), ['very-low', 'very-low', 'low', 'low', 'medium', 'high', 'high']);
  await close();
});

test('`receive` waits for the next message, and says when there will be no more', async () => {
  const { channelA, channelB, close } = await connectPair();
  const first = channelB.receive();
  await channelA.send('one');
  await channelA.send('two');
  assert.deepEqual([await within(first, 5000, 'a message'), await within(channelB.receive(), 5000, 'a message')], ['one', 'two']);
  const last = channelB.receive();
  await channelA.close();
  assert.equal(await within(last, 5000, 'the end'), undefined);
  await close();
});

test('a channel is not called open once the connection below has begun to close it', () => {
  const handle = { state: 'open' } as { state: ChannelHandle['state'] };
  const channel = new DataChannel({} as ChannelPort, handle as ChannelHandle, 'open');
  assert.equal(channel.readyState, 'open');
  for (const state of ['closing', 'closed'] as const) {
    handle.state = state;
    assert.equal(channel.readyState, 'closing', 'until the close has been told');
  }
});

test('a negotiated channel opens on both sides without being announced (RFC 8831 6.5)', async () => {
  const { channelA, channelB, close } = await connectPair({ channel: { negotiated: true, id: 7 } });
  assert.equal(channelA.id, 7);
  await channelB.send('hello');
  assert.equal(await messageOf(channelA.poll(), channelA), 'hello');
  await close();
});

test('A-DC-01 a message over the peer’s limit is refused with a typed error and the channel goes on', async () => {
  const { channelA, channelB, close } = await connectPair({ b: { settings: { maxMessageSizeBytes: 1000 } } });
  assert.throws(() => channelA.trySend(new Uint8Array(1001)), { name: 'RtcError', code: 'ERR_MESSAGE_TOO_LARGE' });
  await assert.rejects(channelA.send('x'.repeat(1001)), { code: 'ERR_MESSAGE_TOO_LARGE' });
  await channelA.send(new Uint8Array(1000));
  assert.equal(((await messageOf(channelB.poll(), channelB)) as Uint8Array).length, 1000);
  await close();
});

test('send before open, after close and of the wrong type are typed errors that change nothing', async () => {
  const { a, channelA, channelB, close } = await connectPair();
  const early = a.createDataChannel('second');
  assert.throws(() => early.trySend('too early'), { code: 'ERR_INVALID_STATE' });
  await assert.rejects(early.send('too early'), { code: 'ERR_INVALID_STATE' });
  for (const wrong of [undefined, null, 5, {}, []]) {
    assert.throws(() => channelA.trySend(wrong as never), { code: 'ERR_INVALID_ARGUMENT' });
    await assert.rejects(channelA.sendText(wrong as never), { code: 'ERR_INVALID_ARGUMENT' });
  }
  assert.throws(() => {
    channelA.bufferedAmountLowThreshold = -1;
  }, RtcError);
  await channelA.send('still fine');
  assert.equal(await messageOf(channelB.poll(), channelB), 'still fine');
  await channelA.close();
  assert.throws(() => channelA.trySend('too late'), { code: 'ERR_CLOSED' });
  await assert.rejects(channelA.send('too late'), { code: 'ERR_CLOSED' });
  await close();
});

test('close delivers what was sent before, and the other side sees closing and close', async () => {
  const { channelA, channelB, close } = await connectPair();
  for (let i = 0; i < 100; i++) channelA.trySend(`message ${i}`);
  const closed = channelA.close();
  const seen: string[] = [];
  for (let event = await channelB.poll(); event; event = await channelB.poll()) seen.push(event.type === 'message' ? String(event.data) : event.type);
  await within(closed, 5000, 'close');
  assert.deepEqual(seen, ['open', ...Array.from({ length: 100 }, (_, i) => `message ${i}`), 'closing', 'close']);
  assert.equal(channelA.readyState, 'closed');
  assert.equal(channelB.readyState, 'closed');
  await close();
});

test('A-OS-07 a slow reader closes the window, bounds memory on both sides and loses nothing', async () => {
  const windowBytes = 256 * 1024;
  const { channelA, channelB, close } = await connectPair({ b: { settings: { receiveWindowBytes: windowBytes } } });
  channelA.bufferedAmountHighThreshold = 512 * 1024;
  const count = 400;
  let sent = 0;
  const sending = (async () => {
    for (; sent < count; sent++) await channelA.send(numbered(sent, 16_384));
  })();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.ok(sent < 120, `${sent} messages were taken although nobody reads`);
  assert.ok(channelA.bufferedAmount <= 512 * 1024 + 2 * 16_384); // one over the threshold, and one that waits
  let received = 0;
  for await (const message of channelB) {
    assert.deepEqual(message, numbered(received, 16_384));
    if (++received === count) break;
  }
  await sending;
  await close();
});

test('A-OS-07 leaving one channel unread does not stop another', async () => {
  const { a, b, channelA, close } = await connectPair();
  channelA.trySend(new Uint8Array(1000)); // never read
  const events = b.events();
  const second = a.createDataChannel('second');
  await second.opened;
  let other;
  for await (const event of events) {
    if (event.type === 'datachannel') {
      other = event.channel;
      break;
    }
  }
  await second.send('passes');
  assert.equal(await messageOf(other!.poll(), other!), 'passes');
  await close();
});

test('web streams carry messages with back-pressure both ways', async () => {
  const { channelA, channelB, close } = await connectPair();
  const sink = channelA.writable.getWriter();
  const writing = (async () => {
    for (let i = 0; i < 200; i++) await sink.write(numbered(i, 10_000));
    await sink.close();
  })();
  let received = 0;
  for await (const message of channelB.readable) assert.deepEqual(message, numbered(received++, 10_000));
  assert.equal(received, 200);
  await writing;
  await close();
});

test('A-SCTP-22 sending from bufferedamountlow while the reader is slow neither deadlocks nor grows', async () => {
  const { channelA, channelB, close } = await connectPair({ b: { settings: { receiveWindowBytes: 128 * 1024 } } });
  let sent = 0;
  const total = 300;
  const refill = (): void => {
    while (sent < total && channelA.trySend(numbered(sent, 8000))) sent++;
  };
  channelA.bufferedAmountHighThreshold = 64 * 1024;
  channelA.bufferedAmountLowThreshold = 16 * 1024;
  channelA.handler = { onBufferedAmountLow: refill };
  refill();
  for (let i = 0; i < total; i++) {
    assert.deepEqual(await messageOf(channelB.poll(), channelB), numbered(i, 8000));
    assert.ok(channelA.bufferedAmount <= 64 * 1024 + 8000);
  }
  await close();
});

test('a buffer that is refilled at its low mark does not run empty, however much the path takes at once', async (t) => {
  const { channelA, channelB, close } = await connectPair();
  t.after(close);
  const message = new Uint8Array(16_384);
  const total = 3000;
  const atLow: number[] = [];
  let sent = 0;
  const refill = (): void => {
    while (sent < total && channelA.bufferedAmount < 256 * 1024 && channelA.trySend(message)) sent++;
  };
  channelA.bufferedAmountLowThreshold = 192 * 1024;
  channelA.handler = {
    onBufferedAmountLow() {
      if (sent < total) atLow.push(channelA.bufferedAmount);
      refill();
    },
  };
  let received = 0;
  const all = new Promise<void>((done) => {
    channelB.handler = { onMessage: () => void (++received === total && done()) };
  });
  refill();
  await within(all, 20_000, 'all messages');
  assert.ok(atLow.length > 100, `${atLow.length} times low`);
  assert.ok(Math.min(...atLow) > 0, `${Math.min(...atLow)} bytes were left`);
});

test('A-SCTP-22 when the peer closes a channel while messages wait for room, they are refused with ERR_CLOSED and the connection goes on', async () => {
  const { a, channelA, channelB, close } = await connectPair({ b: { settings: { receiveWindowBytes: 64 * 1024 } } });
  channelA.bufferedAmountHighThreshold = 32 * 1024;
  const outcomes = Promise.allSettled(Array.from({ length: 100 }, (_, i) => channelA.send(numbered(i, 16_384))));
  await new Promise((resolve) => setTimeout(resolve, 50));
  void channelB.close();
  const results = await within(outcomes, 10_000, 'all sends');
  const refused = results.filter((result) => result.status === 'rejected');
  assert.ok(refused.length > 50, `${refused.length} refused`);
  for (const { reason } of refused) assert.equal((reason as RtcError).code, 'ERR_CLOSED');
  await within(channelA.closed, 5000, 'the close');
  const next = a.createDataChannel('next');
  await within(next.opened, 5000, 'another channel');
  await close();
});

test('an incoming channel is open when the application first sees it (W3C 6.2)', async () => {
  let state: string | undefined;
  const pair = await connectPair({
    b: {
      handler: {
        async onDataChannel(channel) {
          state = channel.readyState;
          await channel.send('at once');
        },
      },
    },
  });
  assert.equal(await messageOf(pair.channelA.poll(), pair.channelA), 'at once');
  assert.equal(state, 'open');
  await pair.close();
});

test('`await using` closes a channel and a connection', async () => {
  const { a, b, channelA, channelB } = await connectPair();
  await channelA[Symbol.asyncDispose]();
  assert.equal(channelA.readyState, 'closed');
  await within(channelB.closed, 5000, 'the remote close');
  await a[Symbol.asyncDispose]();
  assert.equal(a.connectionState, 'closed');
  await b.close();
});

function numbered(n: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size).fill(n & 0xff);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
}

/** The next message; what else happens in between is not of interest here. */
async function messageOf(first: ReturnType<typeof poll>, channel: { poll: typeof poll }): Promise<DataChannelMessage> {
  for (let event = await within(first, 10_000, 'a message'); event; event = await within(channel.poll(), 10_000, 'a message')) {
    if (event.type === 'message') return event.data;
  }
  throw new Error('the channel closed before a message came');
}
declare function poll(): Promise<import('../../../src/api/index.ts').DataChannelEvent | undefined>;

test('a sender that nobody polls keeps one bufferedamountlow, not one for each time', async () => {
  const pair = await connectPair();
  pair.channelB.handler = {};
  for (let i = 0; i < 20; i++) {
    await pair.channelA.send('x');
    for (const end = performance.now() + 2000; pair.channelA.bufferedAmount > 0 && performance.now() < end; ) await new Promise((done) => setTimeout(done, 1));
  }
  const types: (string | undefined)[] = [];
  const closing = pair.close();
  for (let event = await pair.channelA.poll(); event !== undefined; event = await pair.channelA.poll()) types.push(event.type);
  assert.deepEqual(types, ['open', 'bufferedamountlow', 'close']);
  await closing;
});

/** A buffer over a connection that takes everything and sends nothing until it is told to. */
function sendBuffer() {
  const handle = { bufferedAmount: 0 } as ChannelHandle & { bufferedAmount: number };
  const written: string[] = [];
  const write: ChannelPort['write'] = (_handle, isBinary, bytes) => {
    handle.bufferedAmount += bytes.length;
    written.push(`${isBinary ? 'binary' : 'text'} ${bytes.length}`);
  };
  return { handle, written, buffer: new SendBuffer({ write } as ChannelPort, handle) };
}

test('messages wait above the high threshold, go out in their order, and count until they are sent (W3C 6.2)', async () => {
  const { handle, written, buffer } = sendBuffer();
  buffer.highThreshold = 10;
  buffer.write(true, new Uint8Array(11));
  assert.equal(buffer.hasRoom, false);
  const waited = [buffer.wait(true, new Uint8Array(5)), buffer.wait(false, new Uint8Array(6)), buffer.wait(true, new Uint8Array(1))];
  assert.equal(buffer.amount, 23);
  handle.bufferedAmount = 0;
  buffer.writeWaiting();
  await Promise.all(waited.slice(0, 2));
  assert.deepEqual(written, ['binary 11', 'binary 5', 'text 6']);
  assert.equal(buffer.isPassedOn, false);
  const refused = assert.rejects(waited[2] as Promise<void>, { code: 'ERR_CLOSED' });
  buffer.reject(new RtcError('ERR_CLOSED', 'over'));
  await refused;
  assert.equal(buffer.amount, 11);
  assert.equal(buffer.isPassedOn, true);
});

test('a fall to the low threshold is told of once, and only after the amount has been above it (W3C 6.2)', () => {
  const { handle, buffer } = sendBuffer();
  buffer.lowThreshold = 4;
  buffer.write(true, new Uint8Array(4));
  assert.equal(buffer.takeLow(), false);
  buffer.write(true, new Uint8Array(1));
  assert.equal(buffer.takeLow(), false);
  handle.bufferedAmount = 4;
  assert.deepEqual([buffer.takeLow(), buffer.takeLow()], [true, false]);
  assert.throws(() => (buffer.lowThreshold = -1), { code: 'ERR_INVALID_ARGUMENT' });
  assert.throws(() => (buffer.highThreshold = Number.NaN), { code: 'ERR_INVALID_ARGUMENT' });
});

test('no more than 16 MiB wait for room', () => {
  const { buffer } = sendBuffer();
  void buffer.wait(true, new Uint8Array(16 * 1024 * 1024));
  assert.throws(() => buffer.wait(true, new Uint8Array(1)), { code: 'ERR_RESOURCE' });
});
