// Runs test files of node:test in this one process: `run-files.mjs file…`. They are loaded one after the other; node:test runs
// what they registered. Plain JavaScript, because Node.js 20 runs it with tsx and newer ones without.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

for (const file of process.argv.slice(2)) await import(pathToFileURL(resolve(file)).href);
