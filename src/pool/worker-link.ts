import { Worker } from 'node:worker_threads';
import { RtcError } from '../core/index.ts';
import { type BatchPort, type Inbox, Outbox, unpack } from './outbox.ts';
import type { Batch, Report, Request } from './packets.ts';
import type { RemoteChannel } from './remote-channel.ts';
import type { WorkerStart } from './worker.ts';

/** A connection as its worker's link sees it. */
export interface LinkedConnection {
  onReport(report: Report): void;
  onMessage(channel: number, isBinary: boolean, bytes: Uint8Array): void;
  onSent(channel: number, bytes: number): void;
  /** All messages of a batch are there: those who wait for them may look. */
  onBatch(): void;
  /** The worker is gone. */
  onLost(error: RtcError): void;
}

type EarlyBatch = readonly [batch: unknown, transfer: readonly ArrayBuffer[]];

/** A worker, with the connections that live in it. */
export class WorkerLink implements Inbox<Report> {
  readonly outbox: Outbox<Request>;
  readonly #worker: Worker;
  readonly #connections: Map<number, LinkedConnection> = new Map();
  readonly #touched: Set<LinkedConnection> = new Set();
  /** Channels that were read from since the last batch. */
  readonly #read: Map<RemoteChannel, number> = new Map();
  #nextConnection = 1;
  /** What is for the worker before it listens: not every platform keeps what comes earlier. */
  #early: EarlyBatch[] | undefined = [];
  #error: unknown;
  #isGone = false;
  readonly #onGone: () => void;

  constructor(entry: URL, start: WorkerStart, onGone: () => void) {
    this.#onGone = onGone;
    this.#worker = new Worker(entry, { workerData: start });
    this.#worker.unref();
    this.#worker.on('message', (batch: Batch<Report>) => this.#onBatch(batch));
    this.#worker.on('error', (error) => this.#onError(error));
    this.#worker.on('messageerror', (error) => this.#onError(error));
    this.#worker.on('exit', (code) => this.#onExit(code));
    const port = this.#worker as unknown as BatchPort;
    const postMessage: BatchPort['postMessage'] = (batch, transfer) => {
      if (this.#early === undefined) port.postMessage(batch, transfer);
      else this.#early.push([batch, transfer]);
    };
    this.outbox = new Outbox({ postMessage }, () => this.#addCredit());
  }

  /** How many connections live in it. */
  get load(): number {
    return this.#connections.size;
  }

  /** A worker holds the process only while it has connections. */
  add(connection: LinkedConnection): number {
    const number = this.#nextConnection++;
    if (this.#connections.size === 0) this.#worker.ref();
    this.#connections.set(number, connection);
    return number;
  }

  remove(number: number): void {
    if (this.#connections.delete(number) && this.#connections.size === 0) this.#worker.unref();
  }

  /** Notes that a channel has read something, for the next batch. */
  willCredit(connection: number, channel: RemoteChannel): void {
    this.#read.set(channel, connection);
    this.outbox.schedule();
  }

  /** Ends the worker, and the connections that it still has with it. */
  async end(): Promise<void> {
    await this.#worker.terminate();
    this.#onExit(0);
  }

  onNote(report: Report): void {
    this.#connections.get(report.connection)?.onReport(report);
  }

  onMessage(connection: number, channel: number, isBinary: boolean, bytes: Uint8Array): void {
    const known = this.#connections.get(connection);
    if (known === undefined) return;
    known.onMessage(channel, isBinary, bytes);
    this.#touched.add(known);
  }

  onAmount(connection: number, channel: number, bytes: number): void {
    this.#connections.get(connection)?.onSent(channel, bytes);
  }

  #onBatch(batch: Batch<Report>): void {
    if (this.#early !== undefined) this.#onListening(this.#early);
    unpack(batch, this);
    for (const connection of this.#touched) connection.onBatch();
    this.#touched.clear();
  }

  /** The first batch of a worker, which is empty, says that it listens. */
  #onListening(early: readonly EarlyBatch[]): void {
    this.#early = undefined;
    for (const [batch, transfer] of early) (this.#worker as unknown as BatchPort).postMessage(batch, transfer);
  }

  #addCredit(): void {
    for (const [channel, connection] of this.#read) {
      const bytes = channel.takeRead();
      if (bytes > 0) this.outbox.amount(connection, channel.number, bytes);
    }
    this.#read.clear();
  }

  /** An error that nobody caught ends the worker, and not every platform tells of the end. */
  #onError(error: unknown): void {
    this.#error ??= error;
    void this.#worker.terminate();
    this.#onExit(1);
  }

  #onExit(code: number): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#onGone();
    const cause = this.#error;
    const error = new RtcError('ERR_NETWORK', `the worker of the connection ended with code ${code}`, cause === undefined ? undefined : { cause });
    for (const connection of [...this.#connections.values()]) connection.onLost(error);
    this.#connections.clear();
  }
}
