// What holds of all examples.
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { examples } from '../../examples/shared/run.ts';
import type { Page } from '../demo/browser.ts';
import { sleep, until } from '../suite.ts';
import { Program } from './program.ts';
import { assert, BOTH, equal, type ExampleTest, hasLine, isState, linesOf, type Place, write } from './tools.ts';

const root = fileURLToPath(new URL('../../examples/', import.meta.url));
const BLOCK_LINES = 12;
const MOST_LINES = 100;

async function isShort(): Promise<string> {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.js', '*.html', '*.css'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const blocks = new Map<string, string>();
  for (const file of files) {
    const [example = ''] = file.split('/');
    const lines = readFileSync(`${root}${file}`, 'utf8').split('\n');
    assert(!file.endsWith('/main.ts') || lines.length <= MOST_LINES, `${file} has ${lines.length} lines`);
    const told = lines.map((line) => line.trim()).filter((line) => line !== '');
    for (let at = 0; at + BLOCK_LINES <= told.length; at++) {
      const block = told.slice(at, at + BLOCK_LINES).join('\n');
      const other = blocks.get(block) ?? example;
      assert(other === example, `${file} has twelve lines of ${other}, from '${told[at]}' on`);
      blocks.set(block, example);
    }
  }
  return `${examples().length} examples: main.ts is short, no block of ${BLOCK_LINES} lines is in two of them`;
}

const textOfFile = (path: string): string => readFileSync(`${root}../${path}`, 'utf8');

/** Every example has a row in the project's README, with the words of its own; what either links to is there. */
async function isListed(): Promise<string> {
  const readme = textOfFile('README.md');
  const listed = examples().filter(({ name }) => name !== 'demo');
  for (const { name, about } of listed) assert(readme.includes(`| [${name}](examples/${name}/README.md) | ${about} |`), `README.md has no row of ${name}, or another text`);
  const readmes = ['.', 'examples', 'interop', ...examples().map(({ name }) => `examples/${name}`)];
  const links = readmes.flatMap((folder) => [...textOfFile(`${folder}/README.md`).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => `${folder}/${link}`));
  for (const link of links) assert(existsSync(`${root}../${link}`), `a link leads nowhere: ${link}`);
  return `${listed.length} examples have a row in README.md, ${links.length} links lead somewhere`;
}

/** How a program that cannot work with what it was told ends: with one line that says why, and perhaps the list of options. */
async function refuses(example: string, args: readonly string[], pattern: RegExp, env?: Readonly<Record<string, string>>): Promise<void> {
  const program = new Program(example, args, env);
  const code = await program.ended();
  assert(code === 2 && pattern.test(program.output) && !program.output.includes('    at '), `${example} ${args.join(' ')}: ${code}, ${program.output.trim()}`);
}

const README = fileURLToPath(new URL('../README.md', import.meta.url));
const ONE_LINE = (text: string): RegExp => new RegExp(`^${text}\n$`);

const REFUSALS: readonly (readonly [example: string, args: readonly string[], pattern: RegExp, env?: Readonly<Record<string, string>>])[] = [
  ['data-channels-simpel', [], ONE_LINE("There is no example 'data-channels-simpel'. npm run examples lists them.")],
  ['data', [], /^There is no example 'data'\. Perhaps: data-channels, /],
  ['data-channels-simple', ['--prot=1'], /^Unknown option '--prot'\. Options:\n {2}--port=8080 .*\n$/],
  ['data-channels-simple', ['extra'], /^Unexpected argument 'extra'\. Options:\n/],
  ['data-channels-simple', ['--port=x'], ONE_LINE('--port=x: a whole number from 0 to 65535 was expected.')],
  ['data-channels-simple', [], ONE_LINE('npm took --port for one of its own options. Put -- before it: npm run example NAME -- --port=81'), { npm_config_port: '81' }],
  ['custom-runtime', ['--port=1'], ONE_LINE("Unknown option '--port'. There are no options.")],
  ['stats', ['--pairs=99'], ONE_LINE('--pairs=99: a whole number from 0 to 6 was expected.')],
  ['data-channels-stress-bench', ['--size=0'], ONE_LINE('--size=0: a whole number of at least 1 was expected.')],
  ['save-to-disk-vpx', ['--codec=AV1'], ONE_LINE('--codec=AV1: VP8 or VP9 was expected.')],
  ['trickle-ice', ['--stun=example.org'], /^--stun=example\.org: .*\n$/],
  ['play-from-disk-vpx', ['--video=nothing.ivf'], ONE_LINE("There is no file 'nothing.ivf'.")],
  ['play-from-disk-vpx', ['--video=tone.ogg'], ONE_LINE('tone.ogg has no video: VP8 or VP9 was expected.')],
  ['play-from-disk-playlist-control', ['--files=picture.vp8.ivf,picture.vp9.ivf'], ONE_LINE('picture.vp9.ivf has video in VP9: VP8 was expected.')],
  ['play-from-disk-h26x', [`--video=${README}`], /README\.md cannot be played: this is no media file that is known\.\n$/],
  ['save-to-disk-av1', [`--into=${README}`], /^The folder .*README\.md cannot be used: EEXIST.*\n$/],
  ['rtp-forwarder', ['--sdp=/nowhere/stream.sdp'], /^The file \/nowhere\/stream\.sdp cannot be written: ENOENT.*\n$/],
];

async function isFriendly(): Promise<string> {
  for (const refusal of REFUSALS) await refuses(...refusal);
  const help = new Program('perfect-negotiation', ['--help']);
  equal(await help.ended(), 0, 'exit code of --help');
  assert(/^perfect-negotiation: Both sides .*\n\nOptions:\n {2}--port=8080 .*\n {2}--polite .*\n {2}--delay=100 .*\n$/.test(help.output), `--help: ${help.output}`);
  return `${REFUSALS.length} mistakes in options, files and folders: a line each; --help`;
}

/** A port that somebody else has: the next one for a page, a line for plain UDP, where it has to be this one. */
async function knowsBusyPorts(): Promise<string> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  await refuses('rtp-to-webrtc', [`--rtp=${socket.address().port}`], /^UDP port \d+ is in use: choose another\.\n$/);
  socket.close();
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const program = new Program('data-channels-simple', [`--port=${port}`]);
  try {
    await program.printed(new RegExp(`^Port ${port} is in use: trying ${port + 1}\\.\\n[^]*http://`));
    await program.interrupt();
  } finally {
    program.kill();
    holder.close();
  }
  return 'a page is served on the next port; UDP: a line';
}

/** The first message of the signalling to a page. */
async function firstWord(url: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  const { body } = await fetch(`${url}signal`, { signal });
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) return JSON.parse(Buffer.from(bytes).toString().slice('data: '.length)) as Record<string, unknown>;
  throw new Error('the signalling ended at once');
}

/** What comes to the server from elsewhere, or without end. */
async function knowsStrangers(): Promise<string> {
  const program = new Program('data-channels-simple', ['--port=0']);
  const gone = new AbortController();
  try {
    const [url] = await program.printed(/http:\/\/\S+/);
    const statusOf = async (path: string, init?: RequestInit): Promise<number> => (await fetch(`${url}${path}`, init)).status;
    equal(await statusOf('', { headers: { origin: 'http://example.org' } }), 403, 'a page of another site');
    equal(await statusOf('nothing'), 404, 'a path that is none');
    equal(await statusOf('', { method: 'DELETE' }), 405, 'a method that is none');
    const pages: Promise<Response>[] = [];
    for (let i = 0; i < 32; i++) pages.push(fetch(`${url}signal`, { signal: gone.signal }));
    await Promise.all(pages);
    equal(await firstWord(url, gone.signal), { error: '32 pages are connected already: close some' }, 'the page that is too many');
    gone.abort();
    await until(async () => 'id' in (await firstWord(url, AbortSignal.timeout(5000))), 5000, 'room again when pages are gone');
    await program.interrupt();
    return 'another site, a path or method that is none, and more than 32 pages are refused; there is room when pages go';
  } finally {
    gone.abort();
    program.kill();
  }
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

const HASTE_MS = [0, 100, 300];

/** Pages that are closed before they are connected, and while they play, leave nothing behind. */
async function survivesHaste(place?: Place): Promise<string> {
  if (!place) throw new Error('it needs a browser');
  const program = new Program('play-from-disk-vpx', ['--port=0']);
  const open = async (url: string): Promise<Page> => {
    const page = await place.browser.open();
    await page.goto(url);
    return page;
  };
  try {
    const [url] = await program.printed(/http:\/\/\S+/);
    for (const ms of HASTE_MS) {
      const page = await open(url);
      await sleep(ms);
      await page.close();
    }
    const page = await open(url);
    await isState(page, 'connected');
    await program.printed(/playing VP8 and opus\n$/);
    await page.close();
    await program.printed(/the page is gone\n$/);
    await program.interrupt();
    const lines = program.output.split('\n').filter((line) => line !== '' && !line.includes('http:'));
    equal([...new Set(lines)].sort(), ['playing VP8 and opus', 'the page is gone'], 'what the program says');
    return `pages closed after ${HASTE_MS.join(', ')} ms and while playing; the program goes on, and ends at once`;
  } finally {
    program.kill();
  }
}

export const houseTests: readonly ExampleTest[] = [
  { name: 'all: short', browsers: [], run: isShort },
  { name: 'all: listed', browsers: [], run: isListed },
  { name: 'all: bad use', browsers: [], run: isFriendly },
  { name: 'all: busy ports', browsers: [], run: knowsBusyPorts },
  { name: 'all: strangers', browsers: [], run: knowsStrangers },
  { name: 'all: hasty pages', browsers: BOTH, run: survivesHaste },
  { name: 'all: two pages', browsers: BOTH, run: servesTwo },
];
