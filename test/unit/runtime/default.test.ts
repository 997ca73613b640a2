import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bunRuntime } from '../../../src/runtime/bun/index.ts';
import { defaultRuntime } from '../../../src/runtime/index.ts';

const here = ['bun', 'deno'].find((name) => process.versions[name] !== undefined) ?? 'node';

test('the default runtime is that of the platform, and one for the process', () => {
  assert.equal(defaultRuntime().name, here);
  assert.equal(defaultRuntime(), defaultRuntime());
});

test('the runtime of Bun says its name and is that of Node.js otherwise', () => {
  const runtime = bunRuntime();
  assert.equal(runtime.name, 'bun');
  assert.equal(runtime.crypto, defaultRuntime().crypto);
});
