import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const CYCLES = 300;

test(`A-OS-08 ${CYCLES} times connect, 1,000 messages, close: no timer, socket or connection is left, and the process exits by itself`, async () => {
  const program = fileURLToPath(new URL('../../support/lifecycle-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', program, String(CYCLES)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'exit')) as [number];
  const exitedAt = Date.now();
  assert.equal(code, 0);
  const { resources, alive, exitFrom } = JSON.parse(output) as { resources: string[]; alive: number; exitFrom: number };
  assert.deepEqual(resources, []);
  assert.equal(alive, 0, `${alive} connections or channels can still be reached`);
  assert.ok(exitedAt - exitFrom < 100, `the process took ${exitedAt - exitFrom} ms to exit`);
});
