import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A platform that the library runs on. */
export interface Platform {
  readonly name: string;
  readonly kind: 'node' | 'bun' | 'deno';
  readonly command: string;
  /** What comes between the command and the file of a program. */
  readonly args: readonly string[];
  /** The suites that say something about it, where not all do. */
  readonly only?: readonly string[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Where the platforms are installed; not with the library, which needs none of them. */
const folder = join(root, 'build/runtimes');

interface Source {
  readonly name: string;
  readonly kind: Platform['kind'];
  readonly version: string;
  /** The package that has the binary of this system, and where in it. */
  readonly packageName: string | undefined;
  readonly binary: string;
}

function sources(): readonly Source[] {
  const { platform, arch } = process;
  const windows = platform === 'win32';
  const system = windows ? 'windows' : platform;
  const exe = windows ? '.exe' : '';
  const node = ['linux', 'darwin'].includes(platform) ? `node-${platform}-${arch}` : undefined;
  return [
    ...(['22.23.3', '24.21.0', '26.10.0'] as const).map((version) => ({
      name: `node${version.split('.')[0]}`,
      kind: 'node' as const,
      version,
      packageName: node,
      binary: 'bin/node',
    })),
    { name: 'bun', kind: 'bun', version: '1.4.5', packageName: `@oven/bun-${system}-${arch === 'arm64' ? 'aarch64' : arch}`, binary: `bin/bun${exe}` },
    { name: 'deno', kind: 'deno', version: '2.9.6', packageName: `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`, binary: `deno${exe}` },
  ];
}

/** Without it Deno has no UDP sockets of its own. */
const UNSTABLE_NET = '--unstable-net';
export const DENO_ARGS: readonly string[] = ['-A', '--no-lock', '--no-check', '--quiet', UNSTABLE_NET, '--v8-flags=--expose-gc'];

const NODE_ARGS: readonly string[] = ['--expose-gc', '--disable-warning=ExperimentalWarning'];
/** Node.js up to 22 needs help with types, or with `await using`; those that follow know both. */
const TSX: readonly string[] = [...NODE_ARGS, '--import', 'tsx'];
const FIRST_WITHOUT_HELP = 24;

/** This Node.js and all other platforms (where `CI` is set, a missing one is an error), installed from the registry of npm when they are not there yet. */
export function platforms(): readonly Platform[] {
  const wanted = sources();
  const all = wanted.filter(({ packageName }) => packageName !== undefined);
  if (process.env['CI'] !== undefined && all.length < wanted.length) throw new Error('a platform is missing: there is no package of it for this system');
  install(all);
  const known: readonly Platform[] = [
    { name: `node${process.versions.node.split('.')[0]}`, kind: 'node', command: process.execPath, args: argsOf('node', process.versions.node) },
    ...all.map(({ name, kind, version, binary }): Platform => ({ name, kind, command: join(folder, 'node_modules', name, binary), args: argsOf(kind, version) })),
  ];
  const deno = known.find(({ kind }) => kind === 'deno');
  if (deno === undefined) return known;
  // Without the flag it falls back on `node:dgram`: with a warning, and with everything else as it should be.
  return [...known, { ...deno, name: 'deno-stable', args: deno.args.filter((arg) => arg !== UNSTABLE_NET), only: ['runtime', 'loopback'] }];
}

function argsOf(kind: Platform['kind'], version: string): readonly string[] {
  if (kind === 'deno') return ['run', ...DENO_ARGS];
  if (kind === 'bun') return ['--expose-gc'];
  return Number.parseInt(version, 10) < FIRST_WITHOUT_HELP ? TSX : NODE_ARGS;
}

function install(all: readonly Source[]): void {
  const missing = all.filter(({ name, version }) => installedVersion(name) !== version);
  if (missing.length === 0) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'runtimes', private: true }));
  const wanted = all.map(({ name, packageName, version }) => `${name}@npm:${packageName}@${version}`);
  console.log(`Installing ${all.map(({ name }) => name).join(', ')} (once) …`);
  const windows = process.platform === 'win32';
  // What npm passes to its scripts would make this npm look at another project.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_(?!config_(?:cache|registry|userconfig)$)/i.test(name)));
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', '--no-package-lock', '--loglevel=error', ...wanted];
  const { status } = spawnSync(windows ? 'npm.cmd' : 'npm', args, { cwd: folder, env, stdio: 'inherit', shell: windows });
  if (status !== 0) throw new Error('the runtimes cannot be installed');
}

function installedVersion(name: string): string | undefined {
  const file = join(folder, 'node_modules', name, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version.replace(/^v/, '') : undefined;
}
