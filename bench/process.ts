/** A clock that all processes of the machine share, in ms. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** CPU time of all threads of this process since it started, in ms. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export interface MemoryUse {
  readonly residentKiB: number;
  /** Of the JavaScript engine, with the buffers that its objects own. */
  readonly heapKiB: number;
}

/** What is left after collecting what can be collected. Needs --expose-gc. */
export async function memoryUse(): Promise<MemoryUse> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.();
    await pause(50);
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { residentKiB: rss / 1024, heapKiB: (heapUsed + arrayBuffers) / 1024 };
}
