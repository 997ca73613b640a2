// Runs test files of node:test in this one process: `run-files.mjs file…`. They are loaded one after the other; node:test runs
// what they registered. Plain JavaScript, because older versions of Node.js run it with tsx and newer ones without.
import { resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(resolve(file)).href);
  } catch (error) {
    // A file that cannot be loaded is a failure like any other, and the rest is run.
    test(`${file} can be loaded`, () => {
      throw error;
    });
  }
}
