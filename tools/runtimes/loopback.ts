// Connections over loopback on the platform that this is started on, end to end. Ends with the line `N passed, N failed`.
import type { DataChannel } from '../../src/api/index.ts';
import { pureCrypto } from '../../src/crypto/pure.ts';
import { defaultRuntime } from '../../src/runtime/index.ts';
import { connectPair, negotiate, within } from '../../test/support/peers.ts';
import { count, Receipts, sendCounted } from './counted.ts';

const PATIENCE_MS = 20_000;
const TRANSFER_BYTES = 20_000_000;

function ensure(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

/** The first messages that a channel gets. */
function messages(channel: DataChannel, wanted: number): Promise<(string | Uint8Array)[]> {
  const got: (string | Uint8Array)[] = [];
  return within(
    new Promise((resolve) => {
      channel.handler = { onMessage: (data) => void (got.push(data) === wanted && resolve(got)) };
    }),
    PATIENCE_MS,
    `${wanted} messages`,
  );
}

const cases: Readonly<Record<string, () => Promise<void>>> = {
  async 'text and bytes come as they were sent, in order'() {
    const { channelA, channelB, close } = await connectPair();
    const arriving = messages(channelB, 5);
    const sent = ['', 'grüße', new Uint8Array(0), new Uint8Array([1, 2, 3]), 'end'];
    for (const message of sent) await channelA.send(message);
    (await arriving).forEach((got, i) => ensure(String(got) === String(sent[i]), `message ${i} is ${String(got)}`));
    await close();
  },
  async 'a long message comes whole'() {
    const { channelA, channelB, close } = await connectPair();
    const arriving = messages(channelB, 1);
    const sent = count(200_000, 7);
    await channelA.send(sent);
    const [got] = await arriving;
    ensure(got instanceof Uint8Array && Buffer.compare(got, sent) === 0, 'it differs');
    await close();
  },
  async 'an unordered channel that does not repeat'() {
    const { channelA, channelB, close } = await connectPair({ channel: { ordered: false, maxRetransmits: 0 } });
    ensure(!channelB.ordered && channelB.maxRetransmits === 0, 'the parameters are lost');
    const arriving = messages(channelB, 1);
    await channelA.send('one');
    await arriving;
    await close();
  },
  async 'a negotiated channel'() {
    const { channelA, channelB, close } = await connectPair({ channel: { negotiated: true, id: 7 } });
    const arriving = messages(channelA, 1);
    await channelB.send('back');
    ensure((await arriving)[0] === 'back' && channelA.id === 7, 'not the channel that was agreed');
    await close();
  },
  async '20 MB each way at the same time, each byte in its place'() {
    const { channelA, channelB, close } = await connectPair();
    const [atA, atB] = [new Receipts(channelA, TRANSFER_BYTES), new Receipts(channelB, TRANSFER_BYTES)];
    await Promise.all([sendCounted(channelA, TRANSFER_BYTES), sendCounted(channelB, TRANSFER_BYTES)]);
    await within(Promise.all([atA.done, atB.done]), PATIENCE_MS, 'the transfers');
    await close();
  },
  async 'ten connections at once'() {
    const pairs = await Promise.all(Array.from({ length: 10 }, () => connectPair()));
    await Promise.all(
      pairs.map(async ({ channelA, channelB, close }, i) => {
        const arriving = messages(channelB, 1);
        await channelA.send(`pair ${i}`);
        ensure((await arriving)[0] === `pair ${i}`, 'pairs are mixed up');
        await close();
      }),
    );
  },
  async 'an ICE restart keeps the channel'() {
    const { a, b, channelA, channelB, close } = await connectPair();
    a.restartIce();
    await negotiate(a, b);
    const arriving = messages(channelB, 1);
    await channelA.send('after');
    ensure((await arriving)[0] === 'after', 'not the message');
    await close();
  },
  async 'A-JS-14 a peer whose socket is gone does not end the process'() {
    const { a, b, channelA } = await connectPair();
    await b.close();
    for (let i = 0; i < 50; i++) {
      await channelA.send(new Uint8Array(1000)).catch(() => {}); // once it is closed, that is what is said
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await a.close();
  },
  async 'packets to a port where nobody listens do not end the process (A-JS-14)'() {
    const runtime = defaultRuntime();
    let closes = 0;
    const handler = { onDatagram: () => {}, onError: () => {}, onClose: () => void closes++ };
    const [ours, theirs] = [
      await runtime.bindUdp({ local: { address: '127.0.0.1', port: 0 }, handler }),
      await runtime.bindUdp({ local: { address: '127.0.0.1', port: 0 }, handler }),
    ];
    await theirs.close();
    for (let i = 0; i < 100; i++) {
      ours.send(new Uint8Array(100), theirs.localAddress);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await ours.close();
    ensure(closes === 0, 'the socket was closed');
  },
  async 'cryptography without the platform'() {
    const runtime = { ...defaultRuntime(), crypto: pureCrypto };
    const { channelA, channelB, close } = await connectPair({ a: { runtime } });
    const arriving = messages(channelB, 1);
    await channelA.send('pure');
    await arriving;
    await close();
  },
  async 'statistics name the selected pair'() {
    const { a, close } = await connectPair();
    const stats = await a.getStats();
    ensure(stats.byType('candidate-pair').length > 0 && stats.byType('transport').length === 1, 'they are not there');
    await close();
  },
};

let failed = 0;
for (const [name, run] of Object.entries(cases)) {
  try {
    await within(run(), 2 * PATIENCE_MS, name);
  } catch (error) {
    failed++;
    console.log(`✖ ${name}\n  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}
console.log(`${Object.keys(cases).length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
