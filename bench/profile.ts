// Where the time of a process went, from its .cpuprofile: shares of the samples in which it was not idle.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { dirname } from 'node:path';

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Profiles this thread from now on; what it returns ends that and writes the file. `--cpu-prof` would add what loading took. */
export function startProfile(file: string): () => void {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 200 });
  session.post('Profiler.start');
  return () =>
    session.post('Profiler.stop', (error, stopped) => {
      if (error) throw error;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(stopped.profile));
    });
}

/** Whose work a function is. */
function ownerOf(name: string, url: string): string {
  if (name === '(garbage collector)') return 'garbage collection';
  if (name === '(program)') return 'system and event loop, native';
  const room = /\/(?:dist|src)\/(\w+)\//.exec(url)?.[1];
  if (room !== undefined && !url.includes('node_modules')) return room === 'runtime' || room === 'driver' || room === 'api' ? 'driver, runtime, api' : room;
  if (/\/bench\//.test(url)) return 'bench';
  if (/node:(?:dgram|internal\/dgram|internal\/(?:async_hooks|timers|process|util))/.test(url)) return 'node:dgram and ticks';
  if (/node:(?:crypto|internal\/(?:crypto|streams)|string_decoder|stream|events|buffer|internal\/buffer)/.test(url)) return 'node:crypto, JavaScript';
  if (url.startsWith('wasm:')) return 'WebAssembly (cipher, CRC32c)';
  if (url === '' && /^(?:send|recvStart|getSendQueue\w*)$/.test(name)) return 'send to the kernel';
  if (url === '' && /^(?:update|final|Cipher\w*|setAAD|getAuthTag|setAuthTag|Decipher\w*|initiv|init)$/.test(name)) return 'node:crypto, native';
  if (url === '') return `${name}, native`;
  return 'other';
}

/** Microseconds by owner and by function, without idling, in falling order. */
export function shares(file: string): { readonly busyUs: number; readonly owners: readonly (readonly [string, number])[]; readonly functions: readonly (readonly [string, number])[] } {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const [owners, functions] = [new Map<string, number>(), new Map<string, number>()];
  let busyUs = 0;
  samples.forEach((id, i) => {
    const frame = frames.get(id);
    const us = timeDeltas[i + 1] ?? 0; // a sample lasts until the next
    if (!frame || frame.functionName === '(idle)' || frame.functionName === '(root)') return;
    busyUs += us;
    const owner = ownerOf(frame.functionName, frame.url);
    owners.set(owner, (owners.get(owner) ?? 0) + us);
    const name = `${frame.functionName || '(anonymous)'} ${frame.url.replace(/^.*\/(?=[^/]+\/[^/]+$)/, '')}:${frame.lineNumber + 1}`;
    functions.set(name, (functions.get(name) ?? 0) + us);
  });
  const falling = (map: Map<string, number>): readonly (readonly [string, number])[] => [...map].sort((a, b) => b[1] - a[1]);
  return { busyUs, owners: falling(owners), functions: falling(functions) };
}

/** `npm run bench -- profile FILE…` */
export function printShares(files: readonly string[]): void {
  for (const file of files) {
    const { busyUs, owners, functions } = shares(file);
    const percent = (us: number): string => `${((us / busyUs) * 100).toFixed(1).padStart(5)} %`;
    console.log(`\n${file}: busy for ${(busyUs / 1000).toFixed(0)} ms`);
    for (const [owner, us] of owners) if (us / busyUs >= 0.005) console.log(`${percent(us)}  ${owner}`);
    console.log('  of which:');
    for (const [name, us] of functions.slice(0, 12)) console.log(`${percent(us)}  ${name}`);
  }
}
