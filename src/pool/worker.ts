// What a worker of a pool runs.
import { parentPort, workerData } from 'node:worker_threads';
import { defaultRuntime } from '../runtime/index.ts';
import { ConnectionHost, type WorkerSetup } from './host.ts';
import { type BatchPort, Outbox, unpack } from './outbox.ts';
import type { Batch, Report, Request } from './packets.ts';

/** What the pool tells its workers at their start. */
export interface WorkerStart {
  /** A module whose default export makes a {@link WorkerSetup}. */
  readonly setup: string | undefined;
}

type SetupModule = { readonly default: () => WorkerSetup | Promise<WorkerSetup> };

const port = parentPort;
if (port === null) throw new Error('this module is for worker threads');
const { setup } = workerData as WorkerStart;
const own = setup === undefined ? {} : await ((await import(setup)) as SetupModule).default();
const outbox: Outbox<Report> = new Outbox(port as unknown as BatchPort);
const host: ConnectionHost = new ConnectionHost(outbox, own.runtime ?? defaultRuntime(), own);
port.on('message', (batch: Batch<Request>) => unpack(batch, host));
const listening: Batch<Report> = { entries: new Uint32Array(0), buffers: [], notes: [] };
port.postMessage(listening);
