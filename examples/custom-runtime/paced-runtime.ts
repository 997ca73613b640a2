import { Worker as Thread } from 'node:worker_threads';
import { RtcError, type TransportAddress } from 'sansrtc/core';
import type { Runtime, UdpBindOptions, UdpSocket } from 'sansrtc/runtime';
import { nodeRuntime } from 'sansrtc/runtime/node';
import type { FromWorker, ToWorker } from './socket-worker.ts';

/** What a paced runtime has done so far. */
export interface PaceCounts {
  batches: number;
  packets: number;
}

export interface PacedRuntime extends Runtime {
  readonly counts: PaceCounts;
  /** Ends the worker. The sockets must be closed before. */
  end(): Promise<void>;
}

/**
 * A runtime of one's own: its sockets live in a worker thread, which sends what it gets in batches at a steady rate. What it does
 * not do otherwise, the runtime of Node.js does. Nothing of it is known to the package; `sansrtc/conformance` proves it.
 */
export function pacedRuntime(options: { readonly rateBps: number }): PacedRuntime {
  const base = nodeRuntime();
  const worker = new Worker(options.rateBps);
  return {
    ...base,
    name: 'paced',
    counts: worker.counts,
    bindUdp: (bind) => worker.bind(bind),
    // The worker's messages are read where sockets would be, and bring what it read in one turn.
    afterReads: (callback) => void setImmediate(callback),
    end: () => worker.end(),
  };
}

class PacedSocket implements UdpSocket {
  readonly localAddress: TransportAddress;
  readonly #worker: Worker;
  readonly #id: number;
  #closed: Promise<void> | undefined;

  constructor(worker: Worker, id: number, localAddress: TransportAddress) {
    this.#worker = worker;
    this.#id = id;
    this.localAddress = localAddress;
  }

  get queuedBytes(): number {
    return this.#closed ? 0 : this.#worker.queuedBytes;
  }

  send(bytes: Uint8Array, remote: TransportAddress): void {
    if (!this.#closed) this.#worker.send(this.#id, bytes, remote);
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#worker.close(this.#id));
  }
}

/** This thread's end of the worker. */
class Worker {
  readonly counts: PaceCounts = { batches: 0, packets: 0 };
  queuedBytes = 0;
  readonly #thread: Thread;
  readonly #owners: Map<number, UdpBindOptions['handler']> = new Map();
  readonly #binding: Map<number, (answer: Extract<FromWorker, { type: 'bound' }>) => void> = new Map();
  readonly #closing: Map<number, () => void> = new Map();
  #lastId = 0;
  #batch: Extract<ToWorker, { type: 'send' }>['packets'][number][] = [];

  constructor(rateBps: number) {
    this.#thread = new Thread(new URL('worker.mjs', import.meta.url), { workerData: { rateBps } });
    this.#thread.on('message', (message: FromWorker) => this.#hear(message));
    this.#thread.unref();
  }

  async bind({ local, handler }: UdpBindOptions): Promise<UdpSocket> {
    const id = ++this.#lastId;
    const answer = await new Promise<Extract<FromWorker, { type: 'bound' }>>((resolve) => {
      this.#thread.ref();
      this.#binding.set(id, resolve);
      this.#post({ type: 'bind', id, local });
    });
    if (answer.local === undefined) {
      this.#rest();
      throw new RtcError(answer.isBadAddress ? 'ERR_INVALID_ARGUMENT' : 'ERR_NETWORK', answer.message ?? 'cannot bind');
    }
    this.#owners.set(id, handler);
    return new PacedSocket(this, id, Object.freeze(answer.local));
  }

  /** Packets of one turn travel to the worker together. */
  send(id: number, bytes: Uint8Array, remote: TransportAddress): void {
    if (this.#batch.length === 0) queueMicrotask(() => this.#flush());
    this.#batch.push({ id, bytes, remote });
    this.queuedBytes += bytes.length;
  }

  close(id: number): Promise<void> {
    this.#owners.delete(id);
    return new Promise((resolve) => {
      this.#closing.set(id, resolve);
      this.#flush(); // what was sent before comes first
      this.#post({ type: 'close', id });
    });
  }

  async end(): Promise<void> {
    await this.#thread.terminate();
  }

  #flush(): void {
    const packets = this.#batch;
    if (packets.length === 0) return;
    this.#batch = [];
    this.counts.batches++;
    this.counts.packets += packets.length;
    this.#post({ type: 'send', packets });
  }

  #post(message: ToWorker): void {
    this.#thread.postMessage(message);
  }

  /** Without a socket, or one that is being bound or closed, the worker does not hold the process. */
  #rest(): void {
    if (this.#owners.size + this.#binding.size + this.#closing.size === 0) this.#thread.unref();
  }

  #settle<T>(waiting: Map<number, T>, id: number): T | undefined {
    const waiter = waiting.get(id);
    waiting.delete(id);
    return waiter;
  }

  #hear(message: FromWorker): void {
    switch (message.type) {
      case 'bound':
        this.#settle(this.#binding, message.id)?.(message);
        break;
      case 'datagrams':
        for (const { id, bytes, remote } of message.datagrams) this.#owners.get(id)?.onDatagram(bytes, remote);
        break;
      case 'error':
        this.#owners.get(message.id)?.onError(message.error);
        break;
      case 'sent':
        this.queuedBytes -= message.bytes;
        break;
      case 'closed':
        this.#settle(this.#closing, message.id)?.();
        this.#rest();
    }
  }
}
