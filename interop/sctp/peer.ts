import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '../suite.ts';

const source = fileURLToPath(new URL('usrsctp_peer.c', import.meta.url));
const folder = fileURLToPath(new URL('../build', import.meta.url));
const program = `${folder}/usrsctp-peer`;

/** Why usrsctp cannot be had on this machine; undefined when it can. */
export function missingUsrsctp(): string | undefined {
  const compiler = spawnSync('cc', ['--version']);
  if (compiler.status !== 0) return 'no C compiler is installed';
  return spawnSync('pkg-config', ['--exists', 'usrsctp']).status === 0 ? undefined : 'libusrsctp-dev is not installed';
}

function build(): void {
  if (existsSync(program) && statSync(program).mtimeMs >= statSync(source).mtimeMs) return;
  mkdirSync(folder, { recursive: true });
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', 'usrsctp'], { encoding: 'utf8' }).stdout.trim().split(/\s+/);
  const result = spawnSync('cc', ['-O2', '-o', program, source, ...flags, '-lpthread'], { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`cc: ${result.stderr.trim().split('\n')[0]}`);
}

/** What the program reports, a line each. */
export interface PeerEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A usrsctp process that echoes what it gets. */
export class UsrsctpPeer {
  readonly events: PeerEvent[] = [];
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
    createInterface({ input: process.stdout! }).on('line', (line) => this.events.push(JSON.parse(line) as PeerEvent));
  }

  static async start(localPort: number, remotePort: number, mode: 'accept' | 'connect'): Promise<UsrsctpPeer> {
    build();
    const peer = new UsrsctpPeer(spawn(program, [String(localPort), String(remotePort), mode], { stdio: ['pipe', 'pipe', 'inherit'] }));
    await until(() => peer.events.some((event) => event.type === 'ready'), 5000, 'usrsctp is ready');
    return peer;
  }

  async stop(): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await gone;
  }
}
