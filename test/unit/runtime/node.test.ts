import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { Socket } from 'node:dgram';
import dns from 'node:dns';
import { test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TransportAddress } from '../../../src/core/index.ts';
import { RtcError } from '../../../src/core/index.ts';
import { nodeRuntime } from '../../../src/runtime/node/index.ts';
import type { SocketError, UdpSocket } from '../../../src/runtime/runtime.ts';
import { socketErrorKind } from '../../../src/runtime/socket-errors.ts';

const runtime = nodeRuntime();
const sleep = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));
const LOCAL = { address: '127.0.0.1', port: 0 };

async function until(holds: () => boolean): Promise<void> {
  for (let rounds = 0; !holds(); rounds++) {
    assert.ok(rounds < 2000, 'waited in vain');
    await sleep(1);
  }
}

interface Ear {
  readonly socket: UdpSocket;
  readonly got: Uint8Array[];
  readonly remotes: TransportAddress[];
  readonly errors: SocketError[];
  closes: number;
}

const systemBind = Socket.prototype.bind as unknown as (...args: never[]) => Socket;

/** A bound socket; with the `dgram` socket under it, so that a test can do to it what a system might. */
async function listen(context: TestContext, local = LOCAL): Promise<Ear & { readonly inner: Socket }> {
  const made: Socket[] = [];
  const bind = context.mock.method(Socket.prototype, 'bind', function (this: Socket, ...args: never[]) {
    made.push(this);
    return systemBind.apply(this, args);
  });
  const ear: Omit<Ear, 'socket'> = { got: [], remotes: [], errors: [], closes: 0 };
  const handler = {
    onDatagram(bytes: Uint8Array, remote: TransportAddress) {
      ear.got.push(bytes);
      ear.remotes.push(remote);
    },
    onError: (error: SocketError) => void ear.errors.push(error),
    onClose: () => void ear.closes++,
  };
  const socket = await runtime.bindUdp({ local, handler });
  bind.mock.restore();
  context.after(() => socket.close());
  return Object.assign(ear, { socket, inner: made[0] as Socket });
}

test('A-JS-06 no delay, however long, wakes the process up at once', async () => {
  let calls = 0;
  const timers = [2 ** 31 - 1, 2 ** 31, 0xffffffff * 1000, Infinity].map((delayMs) => runtime.setTimer(delayMs, () => calls++, false));
  await sleep(60);
  for (const timer of timers) timer.cancel();
  assert.equal(calls, 0);
});

test('A-JS-06 a timer longer than the system can do waits in pieces', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const start = performance.now();
  let elapsed = 0;
  context.mock.method(performance, 'now', () => start + elapsed);
  let calls = 0;
  runtime.setTimer(2 ** 31 + 1000, () => calls++);
  elapsed = 2 ** 31 - 1;
  context.mock.timers.tick(2 ** 31 - 1);
  assert.equal(calls, 0);
  elapsed = 2 ** 31 + 1000;
  context.mock.timers.tick(1001);
  assert.equal(calls, 1);
});

test('a timer that the system fires early waits for the rest', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const start = performance.now();
  let elapsed = 0;
  context.mock.method(performance, 'now', () => start + elapsed);
  let calls = 0;
  runtime.setTimer(10, () => calls++);
  elapsed = 9.4;
  context.mock.timers.tick(10);
  assert.equal(calls, 0);
  elapsed = 10.4;
  context.mock.timers.tick(1);
  assert.equal(calls, 1);
});

test('A-JS-12 the loop turns between reads, so timers are on time under a flood', async (context) => {
  const [a, b] = [await listen(context), await listen(context)];
  let isOver = false;
  let [turns, ticks, most, gotBefore] = [0, 0, 0, 0];
  const flood = (): void => {
    if (isOver) return;
    turns++;
    most = Math.max(most, b.got.length - gotBefore);
    gotBefore = b.got.length;
    for (let i = 0; i < 64; i++) a.socket.send(new Uint8Array(100), b.socket.localAddress);
    runtime.afterReads(flood);
  };
  flood();
  const timer = setInterval(() => ticks++, 1);
  while (b.got.length < 5000) await sleep(1);
  isOver = true;
  clearInterval(timer);
  // How many turns there are depends on the machine; how many reads come between two of them does not.
  assert.ok(most <= 64, `${most} datagrams between two turns`);
  assert.ok(turns >= 5000 / 64 && ticks >= 5, `${turns} turns, ${ticks} ticks`);
});

test('A-JS-13 at most four lookups run at once, the others wait, and too many are answered with nothing', async () => {
  let running = 0;
  let most = 0;
  let asked = 0;
  const names = nodeRuntime({
    async lookup(name) {
      asked++;
      most = Math.max(most, ++running);
      await sleep(0);
      running--;
      if (name.startsWith('bad')) throw new Error('ENOTFOUND');
      return ['192.0.2.1', '192.0.2.1', '2001:DB8::1', 'rubbish'];
    },
  });
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => names.resolve(`${i % 3 ? 'x' : 'bad'}${i}.local`)));
  assert.equal(most, 4);
  assert.equal(asked, 4 + 256);
  assert.deepEqual(answers[0], []);
  assert.deepEqual(answers[1], ['192.0.2.1', '2001:db8::1']);
  assert.deepEqual(answers[999], []);
  assert.deepEqual(await names.resolve('x.local'), ['192.0.2.1', '2001:db8::1']);
});

test('A-JS-13 an address literal asks nobody', async () => {
  const names = nodeRuntime({ lookup: () => assert.fail('asked') });
  assert.deepEqual(await names.resolve('192.0.2.1'), ['192.0.2.1']);
  assert.deepEqual(await names.resolve('fe80::1%eth0'), ['fe80::1%eth0']);
});

test('A-JS-14 A-OS-01 errors that the system raises on the socket are reported and change nothing', async (context) => {
  const [a, b] = [await listen(context), await listen(context)];
  for (const code of ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETDOWN', 'EPERM', 'EWHATEVER']) {
    a.inner.emit('error', Object.assign(new Error(`recvmsg ${code}`), { code, syscall: 'recvmsg' }));
  }
  assert.deepEqual(
    a.errors.map(({ kind }) => kind),
    ['unreachable', 'unreachable', 'unreachable', 'forbidden', 'other'],
  );
  assert.equal(a.closes, 0);
  a.socket.send(Uint8Array.of(1), b.socket.localAddress);
  await until(() => b.got.length === 1);
});

test('A-OS-02 errors of a send come to onError with the destination and, above the safe size, the size', async (context) => {
  const { socket, inner, errors } = await listen(context);
  const remote = { address: '127.0.0.1', port: 9 };
  context.mock.method(inner, 'send', (_bytes: Uint8Array, port: number, address: string, callback: (error: Error) => void) => {
    process.nextTick(callback, Object.assign(new Error('send ENOBUFS'), { code: 'ENOBUFS', address, port }));
  });
  socket.send(new Uint8Array(1200), remote);
  socket.send(new Uint8Array(1400), remote);
  assert.deepEqual(errors, []);
  await until(() => errors.length === 2);
  assert.deepEqual(
    errors.map(({ kind, code, remote: to, sizeBytes }) => ({ kind, code, to, sizeBytes })),
    [
      { kind: 'no-room', code: 'ENOBUFS', to: remote, sizeBytes: undefined },
      { kind: 'no-room', code: 'ENOBUFS', to: remote, sizeBytes: 1400 },
    ],
  );
});

test('A-OS-02 the first packet to an address tells what keeps the system from sending it, then one in sixteen', async (context) => {
  const { socket, errors } = await listen(context);
  const [forbidden, nowhere] = [{ address: '255.255.255.255', port: 9 }, { address: '127.0.0.1', port: 0 }];
  for (let packets = 1; packets <= 33; packets++) {
    socket.send(new Uint8Array(100), packets % 2 === 0 ? forbidden : { ...forbidden });
    if (packets % 16 === 1) assert.equal(errors.length, (packets - 1) / 16, 'not from inside send');
    await nextTurn();
    assert.equal(errors.length, Math.ceil(packets / 16), `${packets} packets`);
  }
  assert.ok(errors.every(({ kind, code, remote }) => kind === 'forbidden' && code === 'EACCES' && remote?.address === '255.255.255.255'));
  errors.length = 0;
  for (const remote of [forbidden, nowhere, forbidden, nowhere]) socket.send(new Uint8Array(100), remote);
  for (let i = 0; i < 3; i++) socket.send(new Uint8Array(1300), forbidden);
  await until(() => errors.length >= 6);
  assert.deepEqual(
    errors.filter(({ sizeBytes }) => sizeBytes !== 1300).map(({ remote }) => remote?.port),
    [0, 9, 0],
    'another address has its own, whoever was asked for before',
  );
});

test('A-OS-02 at most 512 packets wait in the runtime; the next is dropped and reported', async (context) => {
  const { socket, inner, errors } = await listen(context);
  let waiting = 0;
  const send = context.mock.method(inner, 'send', () => void waiting++);
  context.mock.method(inner, 'getSendQueueCount', () => waiting);
  for (let i = 0; i < 515; i++) socket.send(new Uint8Array(10), { address: '127.0.0.1', port: 9 });
  assert.equal(send.mock.callCount(), 512);
  await until(() => errors.length === 3);
  assert.ok(errors.every(({ kind, sizeBytes }) => kind === 'no-room' && sizeBytes === 10));
  for (let sent = 1; sent <= 512; sent++) {
    waiting--;
    socket.send(new Uint8Array(10), { address: '127.0.0.1', port: 9 });
    assert.equal(send.mock.callCount(), 512 + sent, 'the system took one, so there is room for one');
  }
});

test('A-OS-02 every system code has a kind', () => {
  assert.deepEqual(
    ['EMSGSIZE', 'EAGAIN', 'ENOBUFS', 'ENOMEM', 'EPERM', 'EACCES', 'ECONNRESET', 'ENETUNREACH', 'EIO', '__proto__'].map(socketErrorKind),
    ['too-large', 'no-room', 'no-room', 'no-room', 'forbidden', 'forbidden', 'unreachable', 'unreachable', 'other', 'other'],
  );
});

test('A-OS-03 a socket that ends by itself says so once, and is closed for its owner', async (context) => {
  const [dead, other] = [await listen(context), await listen(context)];
  dead.inner.close();
  await until(() => dead.closes === 1);
  dead.socket.send(Uint8Array.of(1), other.socket.localAddress);
  await dead.socket.close();
  await dead.socket.close();
  assert.equal(dead.closes, 1);
  assert.equal(dead.socket.queuedBytes, 0);
  assert.equal(other.closes, 0);
});

test('A-OS-03 closing a socket that the system is just tearing down resolves all the same', async (context) => {
  const { socket, inner, ...heard } = await listen(context);
  inner.close();
  await socket.close();
  assert.equal(heard.closes, 0);
});

test('A-OS-03 a system without descriptors left makes bindUdp reject with a typed error', async (context) => {
  context.mock.method(Socket.prototype, 'bind', function (this: Socket) {
    process.nextTick(() => this.emit('error', Object.assign(new Error('bind EMFILE'), { code: 'EMFILE' })));
    return this;
  });
  const handler = { onDatagram() {}, onError() {}, onClose() {} };
  await assert.rejects(
    runtime.bindUdp({ local: LOCAL, handler }),
    (error) => error instanceof RtcError && error.code === 'ERR_NETWORK' && /EMFILE/.test(error.message),
  );
});

test('A-OS-06 A-JS-04 the largest datagram comes whole, and no datagram holds on to more memory than its own', async (context) => {
  const [a, b] = [await listen(context), await listen(context)];
  for (const size of [1, 65_507, 1, 1200]) a.socket.send(new Uint8Array(size), b.socket.localAddress);
  await until(() => b.got.length === 4);
  assert.deepEqual(
    b.got.map(({ length }) => length),
    [1, 65_507, 1, 1200],
  );
  for (const bytes of b.got) assert.equal(bytes.buffer.byteLength, bytes.length);
  a.socket.send(new Uint8Array(65_508), b.socket.localAddress);
  await until(() => a.errors.length === 1);
  assert.deepEqual([a.errors[0]!.kind, a.errors[0]!.sizeBytes], ['too-large', 65_508]);
});

test('A-OS-08 an open socket and timers that do not keep the process alive let it end by itself', () => {
  const index = fileURLToPath(new URL('../../../src/runtime/node/index.ts', import.meta.url));
  const program = `
    import { nodeRuntime } from ${JSON.stringify(index)};
    const runtime = nodeRuntime();
    const handler = { onDatagram() {}, onError() {}, onClose() {} };
    await runtime.bindUdp({ local: { address: '127.0.0.1', port: 0 }, handler, keepAlive: false });
    runtime.setTimer(60_000, () => {}, false);
    const held = await runtime.bindUdp({ local: { address: '127.0.0.1', port: 0 }, handler });
    runtime.setTimer(1, () => held.close());
    process.on('exit', () => console.log('ended'));`;
  const { stdout, status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    timeout: 20_000,
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
  });
  assert.equal(status, 0, stderr);
  assert.equal(stdout, 'ended\n');
});

test('one sender`s datagrams in a row come with one address object', async (context) => {
  const [a, b, c] = [await listen(context), await listen(context), await listen(context)];
  for (let i = 0; i < 3; i++) a.socket.send(Uint8Array.of(i), c.socket.localAddress);
  await until(() => c.got.length === 3);
  b.socket.send(Uint8Array.of(3), c.socket.localAddress);
  await until(() => c.got.length === 4);
  assert.equal(c.remotes[0], c.remotes[2]);
  assert.notEqual(c.remotes[2], c.remotes[3]);
  assert.deepEqual(c.remotes[3], b.socket.localAddress);
});

test('a send asks no resolver and is in order with what the socket sent before', async (context) => {
  const lookups = context.mock.method(dns, 'lookup', () => assert.fail('asked'));
  const [a, b] = [await listen(context), await listen(context)];
  for (let i = 0; i < 20; i++) a.socket.send(Uint8Array.of(i), b.socket.localAddress);
  assert.equal(a.socket.queuedBytes, 0, 'the system took them during the call');
  await until(() => b.got.length === 20);
  assert.deepEqual(
    b.got.map(([byte]) => byte),
    Array.from({ length: 20 }, (_, i) => i),
  );
  assert.equal(lookups.mock.callCount(), 0);
});
