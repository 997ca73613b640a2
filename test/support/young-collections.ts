// Counts the young collections of a process of its own, whose heap is small, while buffers come and go; the second time the library is told of them.
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
import { datagramPasses, LOOK_BYTES } from '../../src/runtime/node/young.ts';

const SCAVENGE = 1;

async function youngCollections(eachTime: () => void): Promise<number> {
  let count = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if ((entry as unknown as { detail: { kind: number } }).detail.kind === SCAVENGE) count++;
  });
  observer.observe({ entryTypes: ['gc'] });
  const kept: ArrayBuffer[] = [];
  for (let i = 0; i < 3000; i++) {
    kept[i % 4] = new ArrayBuffer(LOOK_BYTES);
    eachTime();
    if (i % 8 === 0) await new Promise((done) => setImmediate(done));
  }
  await new Promise((done) => setTimeout(done, 10));
  observer.disconnect();
  return count;
}

const youngBytes = (): number => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;

const byItself = await youngCollections(() => {});
const before = youngBytes();
const told = await youngCollections(() => datagramPasses(LOOK_BYTES));
console.log(JSON.stringify({ byItself, told, grownBytes: youngBytes() - before }));
