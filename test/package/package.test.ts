import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly exports: Record<string, { readonly types: string; readonly default: string }>;
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
  readonly peerDependenciesMeta: Record<string, { readonly optional: boolean }>;
};
const subpaths = Object.keys(manifest.exports);
const specifier = (subpath: string): string => (subpath === '.' ? manifest.name : `${manifest.name}${subpath.slice(1)}`);

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

let folder = '';
let packed: Packed | undefined;

function npm(args: readonly string[], cwd: string): string {
  const windows = process.platform === 'win32';
  // What npm passes to its scripts would make this npm look at another project.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(?!config_(?:cache|registry|userconfig)$)/i.test(name)));
  return execFileSync(windows ? 'npm.cmd' : 'npm', [...args], { cwd, env, encoding: 'utf8', shell: windows, stdio: ['ignore', 'pipe', 'pipe'] });
}

function run(code: string, ...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [...args, '--input-type=module', '--eval', code], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
}

/** What a program prints; its whole error when it fails. */
function output(code: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = run(code, ...args);
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sansrtc-package-'));
  packed = (JSON.parse(npm(['pack', '.', '--json', '--ignore-scripts', '--pack-destination', folder], root)) as Packed[])[0];
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }));
  npm(['install', join(folder, packed?.filename ?? ''), '--omit=dev', '--omit=peer', '--offline', '--no-audit', '--no-fund', '--loglevel=error'], folder);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('the package holds the build, its sources, the README and the licence, and nothing else', () => {
  const paths = packed?.files.map(({ path }) => path) ?? [];
  for (const wanted of ['package.json', 'README.md', 'LICENSE', 'dist/core/index.js', 'dist/core/index.d.ts', 'dist/LICENCES.txt']) assert.ok(paths.includes(wanted), `${wanted} is missing`);
  const allowed = /^(?:package\.json|README\.md|LICENSE|dist\/LICENCES\.txt|dist\/.+\.(?:js|d\.ts|js\.map)|src\/.+\.(?:ts|md))$/;
  assert.deepEqual(paths.filter((path) => !allowed.test(path) || /\.test\./.test(path)), []);
  console.log(`packed ${Math.round((packed?.size ?? 0) / 1024)} KiB, unpacked ${Math.round((packed?.unpackedSize ?? 0) / 1024)} KiB, ${paths.length} files`);
  assert.ok((packed?.size ?? Infinity) < 3 * 1024 * 1024);
});

/** The files that a file of the package loads, and those that they load. */
function loads(file: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const code = readFileSync(join(folder, 'node_modules/sansrtc', file), 'utf8');
  for (const [, specifier = ''] of code.matchAll(/(?:^|[\s;}])(?:import|from)\s*\(?"(\.[^"]+)"/g)) loads(posix.join(posix.dirname(file), specifier), seen);
  return seen;
}

/** Each target of the package's exports, under whatever condition. */
const targets = (value: unknown): string[] => (typeof value === 'string' ? [value] : Object.values(value as object).flatMap(targets));
const WORKER = 'dist/pool/worker.js';

test('the package holds no code that nothing loads', () => {
  const entries = [...targets(manifest.exports).filter((file) => file.endsWith('.js')).map((file) => posix.normalize(file)), WORKER];
  const seen = new Set(entries.flatMap((entry) => [...loads(entry)]));
  const code = packed?.files.map(({ path }) => path).filter((path) => path.startsWith('dist/') && path.endsWith('.js')) ?? [];
  assert.deepEqual(code.filter((path) => !seen.has(path)), []);
});

test('the modules are joined: importing everything loads few files, and each class exists once', () => {
  assert.ok(loads('dist/api/index.js').size < 40, `${loads('dist/api/index.js').size} files`);
  assert.equal(output("import { RtcError as a } from 'sansrtc'; import { RtcError as b } from 'sansrtc/core'; console.log(a === b);"), 'true');
});

test('what others wrote is named with its licence', () => {
  const code = packed?.files.map(({ path }) => path).filter((path) => path.endsWith('.js')).map((path) => readFileSync(join(folder, 'node_modules/sansrtc', path), 'utf8')) ?? [];
  const names = new Set(code.flatMap((text) => [...text.matchAll(/\/\/ node_modules\/((?:@[^/\s]+\/)?[^/\s]+)/g)].map(([, name = '']) => name)));
  assert.deepEqual([...names], ['ipaddr.js']);
  assert.match(readFileSync(join(folder, 'node_modules/sansrtc/dist/LICENCES.txt'), 'utf8'), /^ipaddr\.js\n[^]*Permission is hereby granted/);
});

test('the package holds the types of no file whose source is gone', () => {
  const types = packed?.files.map(({ path }) => path).filter((path) => path.endsWith('.d.ts')) ?? [];
  assert.deepEqual(types.filter((path) => !existsSync(join(root, path.replace('dist/', 'src/').replace('.d.ts', '.ts')))), []);
});

test('nothing has to be installed with it; what is a peer is optional', () => {
  assert.equal(manifest.dependencies, undefined);
  for (const name of Object.keys(manifest.peerDependencies)) assert.equal(manifest.peerDependenciesMeta[name]?.optional, true, name);
  const installed = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
  assert.deepEqual(installed.sort(), ['sansrtc']);
});

for (const subpath of subpaths) {
  test(`${specifier(subpath)} resolves, with its types`, () => {
    const { types, default: file } = manifest.exports[subpath] ?? { types: '', default: '' };
    for (const path of [types, file]) assert.ok(existsSync(join(folder, 'node_modules/sansrtc', path)), `${path} is not in the package`);
  });
}

// The pure provider's libraries are optional peers, so that it cannot be imported where nobody installed them.
const withoutPeers = subpaths.filter((subpath) => subpath !== './crypto/pure');

interface Import {
  readonly error?: string;
  readonly changed: boolean;
  readonly handles: readonly string[];
}

/** What the import of each subpath does, one after the other in one process: a module runs once, with the first that needs it. */
let imports: Readonly<Record<string, Import>> | undefined;

function importAll(): Readonly<Record<string, Import>> {
  const code = `
    const look = () => [
      Object.getOwnPropertyNames(globalThis).sort().join(),
      ...[Object, Array, Uint8Array, Map, Promise].map((c) => Reflect.ownKeys(c.prototype).length),
    ].join();
    const seen = {};
    for (const specifier of ${JSON.stringify(withoutPeers.map(specifier))}) {
      const before = look();
      const error = await import(specifier).then(() => undefined, String);
      await new Promise((resolve) => setTimeout(resolve, 20)); // until the reading of files is over
      const handles = process.getActiveResourcesInfo().filter((name) => !['PipeWrap', 'TTYWrap'].includes(name));
      seen[specifier] = { error, changed: look() !== before, handles };
    }
    console.log(JSON.stringify(seen));`;
  return JSON.parse(output(code)) as Readonly<Record<string, Import>>;
}

for (const subpath of withoutPeers) {
  test(`${specifier(subpath)} is imported without a side effect: no output, no global, no handle that holds the process`, () => {
    imports ??= importAll();
    assert.deepEqual(imports[specifier(subpath)], { changed: false, handles: [] });
  });
}

test('every subpath works with frozen intrinsics and without code made from strings', () => {
  const code = `${withoutPeers.map((subpath) => `await import('${specifier(subpath)}');`).join('\n')} console.log('fine');`;
  assert.equal(output(code, '--frozen-intrinsics', '--disallow-code-generation-from-strings', '--no-warnings'), 'fine');
});

test('WebM and MP4 are refused with a typed error where mediabunny is not installed, and other files are read', () => {
  const code = `
    import { createReader, createRecorder, IvfReader } from 'sansrtc/media';
    const codeOf = (promise) => promise.then(() => 'none', ({ name, code }) => name + ' ' + code);
    const webm = Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 0x80);
    console.log([await codeOf(createRecorder('webm', { write() {} }, [{ codec: 'VP8' }])), await codeOf(createReader(webm)), typeof new IvfReader().next()].join());`;
  assert.equal(output(code), 'RtcError ERR_NOT_SUPPORTED,RtcError ERR_NOT_SUPPORTED,undefined');
});

test('files that are not exported cannot be reached', () => {
  const { status, stderr } = run("await import('sansrtc/dist/core/index.js');");
  assert.notEqual(status, 0);
  assert.match(stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
});

test('two lines of a user run: a STUN message is written and read', () => {
  const code = `
    import { decodeStun, encodeStun, StunClass, StunMethod } from 'sansrtc/stun';
    const request = { class: StunClass.request, method: StunMethod.binding, transactionId: new Uint8Array(12), attributes: [] };
    console.log(decodeStun(encodeStun(request, { fingerprint: true })).method === StunMethod.binding);`;
  assert.equal(output(code), 'true');
});

test('a pool starts the worker of the package', () => {
  const program = join(folder, 'pool.mjs'); // a worker inherits the options of the process, and --input-type is none for a file
  writeFileSync(program, `
    import { createConnectionPool } from 'sansrtc/pool';
    const pool = createConnectionPool({ workers: 1 });
    const pc = await pool.createPeerConnection({ udpAddrs: ['127.0.0.1:0'] });
    await pc.createDataChannel('chat');
    console.log((await pc.createOffer()).sdp.includes('m=application'));
    await pool.close();`);
  const { stdout, stderr } = spawnSync(process.execPath, [program], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  assert.equal(stdout.trim(), 'true', stderr);
});

test('A-OS-08 a program that imports the whole library ends by itself', () => {
  const started = performance.now();
  assert.equal(output("import 'sansrtc'; console.log('end');"), 'end');
  assert.ok(performance.now() - started < 20_000);
});
