// A process of its own: connects, exchanges 1,000 messages and closes, again and again; then says what is left.
import { setImmediate as turn } from 'node:timers/promises';
import { connectPair } from './peers.ts';

const cycles = Number(process.argv[2]);
const collectGarbage = (globalThis as { gc?: () => void }).gc;
if (!collectGarbage) throw new Error('run with --expose-gc');

const refs: WeakRef<object>[] = [];

async function cycle(): Promise<void> {
  const { a, b, channelA, channelB, close } = await connectPair();
  let received = 0;
  const all = new Promise<void>((resolve) => {
    channelB.handler = { onMessage: () => void (++received === 1000 && resolve()) };
  });
  for (let i = 0; i < 1000; i++) await channelA.send(`message ${i}`);
  await all;
  await close();
  refs.push(new WeakRef(a), new WeakRef(b), new WeakRef(channelA), new WeakRef(channelB));
}

for (let i = 0; i < cycles; i++) await cycle();
await turn(); // the system's own close callbacks
const resources = process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap' && name !== 'TTYWrap');
let alive = refs.length;
for (let round = 0; round < 10 && alive > 0; round++) {
  await turn();
  collectGarbage();
  alive = refs.filter((ref) => ref.deref() !== undefined).length;
}
// Collecting garbage took its time, which is not the library's: what could hold the process from here on is what counts.
console.log(JSON.stringify({ cycles, resources, alive, exitFrom: Date.now() }));
