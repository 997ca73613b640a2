// What holds of all examples.
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { examples } from '../../examples/shared/run.ts';
import type { Page } from '../demo/browser.ts';
import { Program } from './program.ts';
import { assert, BOTH, equal, type ExampleTest, hasLine, isState, linesOf, type Place, write } from './tools.ts';

const root = fileURLToPath(new URL('../../examples/', import.meta.url));
const BLOCK_LINES = 12;
const MOST_LINES = 110;

async function isShort(): Promise<string> {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.js', '*.html'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const blocks = new Map<string, string>();
  for (const file of files) {
    const [example = ''] = file.split('/');
    if (example === 'shared') continue;
    const lines = readFileSync(`${root}${file}`, 'utf8').split('\n');
    assert(example === 'demo' || !file.endsWith('main.ts') || lines.length <= MOST_LINES, `${file} has ${lines.length} lines`);
    for (let at = 0; at + BLOCK_LINES <= lines.length; at++) {
      const block = lines.slice(at, at + BLOCK_LINES).join('\n');
      const other = blocks.get(block) ?? example;
      assert(other === example, `${file}:${at + 1}: twelve lines are also in ${other}`);
      blocks.set(block, example);
    }
  }
  return `${examples().length} examples: main.ts is short, no block of ${BLOCK_LINES} lines is in two of them`;
}

/** Every example has a row in the project's README, with the words of its own. */
async function isListed(): Promise<string> {
  const readme = readFileSync(`${root}../README.md`, 'utf8');
  const listed = examples().filter(({ name }) => name !== 'demo');
  for (const { name, about } of listed) assert(readme.includes(`| [${name}](examples/${name}/README.md) | ${about} |`), `README.md has no row of ${name}, or another text`);
  return `${listed.length} examples have a row in README.md`;
}

/** What a program says to an argument that makes no sense, in one line and the list of options. */
async function refuses(name: string, argument: string, pattern: RegExp): Promise<void> {
  const program = new Program(name, [argument]);
  const code = await program.ended();
  assert(code === 2 && pattern.test(program.output) && !program.output.includes('    at '), `${name} ${argument}: ${code}, ${program.output.trim()}`);
}

async function isFriendly(): Promise<string> {
  await refuses('data-channels-simple', '--prot=1', /^Unknown option '--prot'\. Options:\n {2}--port=8080/);
  await refuses('data-channels-simple', '--port=x', /--port=x: a whole number from 0 to 65535 was expected/);
  await refuses('data-channels-simpel', '', /There is no example 'data-channels-simpel'/);
  await refuses('play-from-disk-vpx', '--video=nothing.ivf', /^There is no file 'nothing\.ivf'\.$/m);
  await refuses('play-from-disk-vpx', '--video=tone.ogg', /tone\.ogg has no video/);
  await refuses('rtp-forwarder', '--sdp=/nowhere/stream.sdp', /The file \/nowhere\/stream\.sdp cannot be written/);
  const taken = createSocket('udp4').bind(0, '127.0.0.1');
  await once(taken, 'listening');
  await refuses('rtp-to-webrtc', `--rtp=${taken.address().port}`, /UDP port \d+ is in use: choose another/);
  taken.close();
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const program = new Program('data-channels-simple', [`--port=${port}`]);
  try {
    await program.printed(new RegExp(`Port ${port} is in use: trying ${port + 1}[^]*http://`));
    await program.interrupt();
  } finally {
    program.kill();
    holder.close();
  }
  return 'unknown option, port that is none, unknown example, missing file, port in use: a line each';
}

/** Two pages of one program do not disturb each other. */
async function servesTwo(place?: Place): Promise<string> {
  if (!place) throw new Error('it needs a browser');
  const program = new Program('data-channels-simple', ['--port=0']);
  const pages: Page[] = [];
  try {
    const [url] = await program.printed(/http:\/\/\S+/);
    for (let i = 0; i < 2; i++) {
      const page = await place.browser.open();
      pages.push(page);
      await page.goto(url);
      await isState(page, 'connected');
    }
    for (const [i, page] of pages.entries()) {
      await write(page, 'form', `page ${i}`);
      await hasLine(page, 'log', new RegExp(`^You said: page ${i}$`));
      equal((await linesOf(page, 'log')).length, 2, 'lines on the page');
    }
    await pages.pop()?.close();
    await write(pages[0]!, 'form', 'still here');
    await hasLine(pages[0]!, 'log', /^You said: still here$/);
    await program.interrupt();
    return 'a page opened twice: each has its answers, one stays when the other goes';
  } finally {
    for (const page of pages) await page.close();
    program.kill();
  }
}

export const houseTests: readonly ExampleTest[] = [
  { name: 'all: short', browsers: [], run: isShort },
  { name: 'all: listed', browsers: [], run: isListed },
  { name: 'all: bad use', browsers: [], run: isFriendly },
  { name: 'all: two pages', browsers: BOTH, run: servesTwo },
];
