import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the first program of the README runs as it stands and connects two peers', async () => {
  const readme = readFileSync(`${root}/README.md`, 'utf8');
  const code = /```(?:js|ts)\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  assert.ok(code.includes("from 'sansrtc'"), 'the first code block imports the library');
  const lines = code.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
  assert.ok(lines.length <= 14, `${lines.length} lines`);
  mkdirSync(`${root}/build`, { recursive: true });
  const file = `${root}/build/readme-${process.pid}.mjs`;
  writeFileSync(file, code);
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 20_000 });
    assert.match(stdout, /hello/i);
  } finally {
    rmSync(file);
  }
});
