// Two peers, each in a process of its own, and the requests that the bench makes of them.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BROWSER, type LibraryName } from './libs/index.ts';
import type { MemoryUse } from './process.ts';
import type { RtpFeatures } from './rtp/library.ts';
import type { RtpMoved } from './rtp/traffic.ts';
import type { Moved } from './traffic.ts';

const PEER = fileURLToPath(new URL('peer.ts', import.meta.url));
/**
 * Of plain JavaScript: what reads TypeScript would be measured too, as it keeps the source map of every module that a library has. In parts: each
 * process loads the library that it measures, and no other.
 */
const PLAIN_PEER = fileURLToPath(new URL('../build/bench/peer.mjs', import.meta.url));
const BROWSER_PEER = fileURLToPath(new URL('browser/peer.ts', import.meta.url));

let plainPeer: Promise<unknown> | undefined;
const makePlainPeer = (): Promise<unknown> =>
  (plainPeer ??= build({ entryPoints: { peer: PEER }, outdir: dirname(PLAIN_PEER), outExtension: { '.js': '.mjs' }, bundle: true, splitting: true, packages: 'external', platform: 'node', format: 'esm', logLevel: 'warning' }));
const REPLY_MS = 60_000;

interface Operations {
  open: { readonly startMs: number; readonly openMs: number };
  close: undefined;
  transmit: Moved;
  receive: Moved;
  echo: undefined;
  forward: RtpMoved;
  'take-in': RtpMoved;
  'round-trips': readonly number[];
  cpu: number;
  memory: MemoryUse;
}

/** A peer's process. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #nextId = 1;
  other: Peer | undefined;

  constructor(library: LibraryName, profile: string | undefined) {
    const [file, execArgv] = library === BROWSER ? [BROWSER_PEER, process.execArgv] : [PLAIN_PEER, ['--expose-gc']];
    this.#child = fork(file, [library, ...(profile === undefined ? [] : [profile])], { execArgv, stdio: ['ignore', 'ignore', process.env.BENCH_LOG ? 'inherit' : 'ignore', 'ipc'] });
    this.#child.on('message', (message: { id?: number; key?: number; result?: unknown; error?: string }) => {
      if (message.key !== undefined) this.other?.pass(message);
      else if (message.id !== undefined) this.#settle(message.id, message);
    });
    this.#child.on('exit', (code, signal) => {
      for (const w of this.#waiting.values()) w.reject(new Error(`a peer of ${library} ended (${signal ?? code})`));
      this.#waiting.clear();
    });
  }

  /** Hands on what the other peer signals. */
  pass(message: object): void {
    this.#child.send(message);
  }

  #settle(id: number, { result, error }: { result?: unknown; error?: string }): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }

  async ready(): Promise<void> {
    const ended = once(this.#child, 'exit').then(([code, signal]) => Promise.reject(new Error(`a peer ended before it was ready (${signal ?? code})`)));
    await Promise.race([once(this.#child, 'message'), ended]); // a later end is no failure
  }

  ask<Op extends keyof Operations>(op: Op, parameters: object = {}): Promise<Operations[Op]> {
    const id = this.#nextId++;
    if (!this.#child.connected) return Promise.reject(new Error('a peer has ended'));
    return new Promise<Operations[Op]>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no reply to '${op}' in ${REPLY_MS} ms`)), REPLY_MS);
      const settle = <T>(f: (value: T) => void) => (value: T): void => {
        clearTimeout(timer);
        f(value);
      };
      this.#waiting.set(id, { resolve: settle(resolve as (value: unknown) => void), reject: settle(reject) });
      this.#child.send({ id, op, ...parameters });
    });
  }

  /** Lets it end by itself, so that a profile is written, and ends it if it does not. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3000);
    await gone;
    clearTimeout(timer);
  }
}

export interface Opening {
  readonly channels?: number;
  readonly mtuBytes?: number;
  /** RTP from the side that offers instead of data channels. */
  readonly rtp?: RtpFeatures;
}

export interface Pair {
  readonly offerer: Peer;
  readonly answerer: Peer;
  /** Opens connection `key`; how long it took until its channels were open on both sides, in ms. */
  connect(key: number, opening?: Opening): Promise<number>;
  disconnect(key: number): Promise<void>;
}

/** Starts two peers, hands them to `use`, and ends them. The first library offers and sends; without a second, both are of it. */
export async function withPair<T>(libraries: readonly [LibraryName, LibraryName?], profile: string | undefined, use: (pair: Pair) => Promise<T>): Promise<T> {
  const name = (role: string): string | undefined => (profile === undefined ? undefined : `${profile}-${role}.cpuprofile`);
  await makePlainPeer();
  const [first, second = first] = libraries;
  const [offerer, answerer] = [new Peer(first, name('sender')), new Peer(second, name('receiver'))];
  offerer.other = answerer;
  answerer.other = offerer;
  try {
    await Promise.all([offerer.ready(), answerer.ready()]);
    return await use({
      offerer,
      answerer,
      async connect(key, opening = {}) {
        const request = { key, channels: 1, ...opening };
        const theirs = answerer.ask('open', { ...request, offers: false });
        const [a, b] = await Promise.all([offerer.ask('open', { ...request, offers: true }), theirs]);
        return Math.max(a.openMs, b.openMs) - a.startMs;
      },
      async disconnect(key) {
        await Promise.all([offerer.ask('close', { key }), answerer.ask('close', { key })]);
      },
    });
  } finally {
    await Promise.all([offerer.end(), answerer.end()]);
  }
}
