// Runs the test files that it is given in this one process: `node --import tsx tools/test-files.mjs file…`. To start a process and
// to load the library costs more than most files take. Plain JavaScript, so that it is the same with and without tsx.
import { resolve } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';

// As they are now: tests put others in their place.
const { setTimeout, clearTimeout } = globalThis;

/** How long a process may go on with no test running, in milliseconds. */
const IDLE_MS = 10_000;

// A test that ends the process takes with it the tests that had not run yet; the runner sees that the count is missing.
const exit = process.exit;
process.exit = (code) => {
  console.error(new Error(`a test called process.exit(${code ?? ''})`).stack);
  return exit(Number(code) || 1);
};

function leftOpen() {
  console.error(`the tests are over, but the process is kept alive by ${process.getActiveResourcesInfo().join(', ')}`);
  exit(1);
}

// No test runs while files are still read, since some look at a clock.
let start;
const loaded = new Promise((resolve) => {
  start = resolve;
});
let running = 0;
let idle;
beforeEach(async () => {
  running++;
  clearTimeout(idle);
  await loaded;
});
afterEach(() => {
  if (--running === 0) idle = setTimeout(leftOpen, IDLE_MS).unref();
});

for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(resolve(file)).href);
  } catch (error) {
    test(file, () => {
      throw error;
    });
  }
}
start();
