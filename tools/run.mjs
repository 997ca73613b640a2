// The entry of every npm script: installs and builds what is missing, then hands over. Plain JavaScript, because it
// must run before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [command = 'help', ...args] = process.argv.slice(2);

/** Ctrl-C goes to the program that runs as well: this one waits until it has ended. */
process.on('SIGINT', () => {});

function run(program, programArgs, options = {}) {
  const { status, error } = spawnSync(program, programArgs, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const node = (file, ...rest) => run(process.execPath, ['--import', 'tsx', file, ...rest]);

/** npm writes node_modules/.package-lock.json at the end of an install; an older one belongs to an older lock file. */
function install() {
  const [done, lock] = ['node_modules/.package-lock.json', 'package-lock.json'].map((name) => `${root}/${name}`);
  if (existsSync(done) && statSync(done).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('Installing what the project needs (once) …');
  run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { shell: process.platform === 'win32' });
}

function build() {
  if (existsSync(`${root}/dist`)) removeStale('dist', 'src');
  else console.log('Building it (once) …');
  run(process.execPath, ['node_modules/typescript/bin/tsc', '-b']);
  run(process.execPath, ['tools/bundle.mjs']);
}

/** tsc leaves behind the types of a file that was moved or deleted since. */
function removeStale(built, source) {
  for (const entry of readdirSync(`${root}/${built}`, { withFileTypes: true })) {
    const path = `${built}/${entry.name}`;
    if (entry.isDirectory()) removeStale(path, `${source}/${entry.name}`);
    else if (entry.name.endsWith('.d.ts') && !existsSync(`${root}/${source}/${entry.name.replace('.d.ts', '.ts')}`)) rmSync(`${root}/${path}`);
  }
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`sansrtc needs Node.js 20.19 or newer; this is ${process.version}.`);
  process.exit(1);
}

switch (command) {
  case 'build':
    install();
    build();
    break;
  case 'start':
    install();
    build();
    node('examples/demo/main.ts', ...args);
    break;
  case 'example':
  case 'examples':
    install();
    build();
    node('examples/shared/run.ts', ...(command === 'example' ? args : []));
    break;
  case 'check':
    install();
    build();
    node('tools/check.ts');
    break;
  case 'test':
    install();
    build();
    node('tools/test.ts', ...args);
    break;
  case 'test:runtimes':
    install();
    build();
    node('tools/runtimes.ts', ...args);
    break;
  case 'bench':
    install();
    build();
    node('bench/main.ts', ...args);
    break;
  default:
    console.log('npm start | npm run examples | npm run example NAME | npm test [-- unit|sim|fuzz|conformance|package|interop|examples] | npm run check | npm run bench');
}
