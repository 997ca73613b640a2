import { availableParallelism } from 'node:os';
import { RtcError } from '../core/index.ts';
import { PooledPeerConnection, type PooledPeerConnectionOptions } from './pooled-connection.ts';
import { WorkerLink } from './worker-link.ts';

/** What can be chosen about a pool. */
export interface ConnectionPoolOptions {
  /** How many worker threads; they start when they are first needed. Default: one less than the machine's cores, and at least one. */
  readonly workers?: number;
  /**
   * The URL of a module that each worker imports first; its default export returns a {@link WorkerSetup}, perhaps later: a
   * runtime, or settings that cannot go from thread to thread.
   */
  readonly setup?: string | URL;
  /** The module that the workers run, where a bundler has moved it. Default: the one beside this. */
  readonly entry?: string | URL;
}

const MAX_WORKERS = 1024;

/** The worker of this package: TypeScript where this module is. */
function defaultEntry(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
}

/**
 * Connections in worker threads, for servers with many connections and cores. A connection stays in the worker that it was
 * made in; its messages are handed over without being copied.
 *
 * @example
 * await using pool = createConnectionPool({ workers: 4 });
 * const pc = await pool.createPeerConnection({ handler: { onDataChannel: (channel) => echo(channel) } });
 */
export class ConnectionPool implements AsyncDisposable {
  readonly #links: (WorkerLink | undefined)[];
  readonly #entry: URL;
  readonly #setup: string | undefined;
  readonly #connections: Set<PooledPeerConnection> = new Set();
  #closing: Promise<void> | undefined;

  /** Throws `ERR_INVALID_ARGUMENT` for a number of workers that is none, `TypeError` for what is no URL. */
  constructor(options: ConnectionPoolOptions = {}) {
    const { workers = Math.max(1, availableParallelism() - 1), setup, entry } = options;
    if (!(Number.isInteger(workers) && workers >= 1 && workers <= MAX_WORKERS)) throw new RtcError('ERR_INVALID_ARGUMENT', `workers is a whole number from 1 to ${MAX_WORKERS}`);
    this.#links = new Array<WorkerLink | undefined>(workers).fill(undefined);
    this.#entry = entry === undefined ? defaultEntry() : new URL(entry);
    this.#setup = setup === undefined ? undefined : new URL(setup).href;
  }

  /** How many connections each worker has now. */
  get load(): readonly number[] {
    return this.#links.map((link) => link?.load ?? 0);
  }

  /**
   * Makes a connection in the worker that has the fewest. Rejects as `createPeerConnection` of the package does, with
   * `ERR_CLOSED` after {@link ConnectionPool.close}, and with `ERR_NETWORK` when the worker ends meanwhile.
   */
  async createPeerConnection(options: PooledPeerConnectionOptions = {}): Promise<PooledPeerConnection> {
    if (this.#closing) throw new RtcError('ERR_CLOSED', 'the pool is closed');
    const connection = new PooledPeerConnection(this.#leastLoaded(), options, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    await connection.opened;
    return connection;
  }

  /** Closes all connections in order, then ends the workers. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    await Promise.all(this.#links.map((link) => link?.end()));
  }

  #leastLoaded(): WorkerLink {
    const { load } = this;
    const place = load.indexOf(Math.min(...load));
    return (this.#links[place] ??= this.#start(place));
  }

  #start(place: number): WorkerLink {
    const link: WorkerLink = new WorkerLink(this.#entry, { setup: this.#setup }, () => {
      if (this.#links[place] === link) this.#links[place] = undefined; // the next connection gets a new one
    });
    return link;
  }
}

/** A new pool of workers. Throws `ERR_INVALID_ARGUMENT`. */
export function createConnectionPool(options: ConnectionPoolOptions = {}): ConnectionPool {
  return new ConnectionPool(options);
}
