// The worker's side: sockets, and a queue that leaves at a steady rate. It uses the runtime of Node.js for its own sockets.
import { parentPort, workerData } from 'node:worker_threads';
import { RtcError, type TransportAddress } from 'sansrtc/core';
import type { SocketError, UdpSocket } from 'sansrtc/runtime';
import { nodeRuntime } from 'sansrtc/runtime/node';

/** A datagram, and the socket that it came to or leaves from. */
export interface Packet {
  readonly id: number;
  readonly bytes: Uint8Array;
  readonly remote: TransportAddress;
}

export type ToWorker =
  | { readonly type: 'bind'; readonly id: number; readonly local: TransportAddress }
  | { readonly type: 'send'; readonly packets: readonly Packet[] }
  | { readonly type: 'close'; readonly id: number };

export type FromWorker =
  | { readonly type: 'bound'; readonly id: number; readonly local?: TransportAddress; readonly isBadAddress?: boolean; readonly message?: string }
  | { readonly type: 'datagrams'; readonly datagrams: readonly Packet[] }
  | { readonly type: 'error'; readonly id: number; readonly error: SocketError }
  | { readonly type: 'sent'; readonly bytes: number }
  | { readonly type: 'closed'; readonly id: number };

/** How often packets leave, in milliseconds, and so how long a burst may be. */
const BEAT_MS = 1;

const { rateBps } = workerData as { readonly rateBps: number };
const port = parentPort;
if (port === null) throw new Error('this is the program of a worker thread');
const runtime = nodeRuntime();
const sockets = new Map<number, UdpSocket>();
let queue: Packet[] = [];
let arrived: Packet[] = [];
let creditBytes = 0;
let lastBeat = runtime.now();
let isBeating = false;

const say = (message: FromWorker, move: ArrayBuffer[] = []): void => port.postMessage(message, move);

/** Sends what the time since the last beat allows. */
function beat(): void {
  isBeating = false;
  const now = runtime.now();
  const bytesPerMs = rateBps / 8000;
  creditBytes = Math.min(creditBytes + (now - lastBeat) * bytesPerMs, 10 * BEAT_MS * bytesPerMs);
  lastBeat = now;
  let count = 0;
  let sentBytes = 0;
  while (count < queue.length && creditBytes > 0) {
    const { id, bytes, remote } = queue[count++] as Packet;
    sockets.get(id)?.send(bytes, remote);
    creditBytes -= bytes.length;
    sentBytes += bytes.length;
  }
  queue = queue.slice(count);
  if (count > 0) say({ type: 'sent', bytes: sentBytes });
  if (queue.length > 0) schedule();
}

function schedule(): void {
  if (isBeating) return;
  isBeating = true;
  runtime.setTimer(BEAT_MS, beat);
}

/** What was read in one turn travels together. The memory of a datagram is its own: it moves to the other thread, and is not copied. */
function handOver(): void {
  const datagrams = arrived;
  arrived = [];
  say({ type: 'datagrams', datagrams }, datagrams.map(({ bytes }) => bytes.buffer as ArrayBuffer));
}

async function bind(id: number, local: TransportAddress): Promise<void> {
  try {
    const socket = await runtime.bindUdp({
      local,
      handler: {
        onDatagram(bytes, remote) {
          if (arrived.length === 0) runtime.afterReads(handOver);
          arrived.push({ id, bytes, remote });
        },
        onError: (error) => say({ type: 'error', id, error }),
        onClose: () => {},
      },
    });
    sockets.set(id, socket);
    say({ type: 'bound', id, local: { ...socket.localAddress } });
  } catch (error) {
    say({ type: 'bound', id, isBadAddress: error instanceof RtcError && error.code === 'ERR_INVALID_ARGUMENT', message: String(error) });
  }
}

async function close(id: number): Promise<void> {
  await sockets.get(id)?.close();
  sockets.delete(id);
  say({ type: 'closed', id });
}

port.on('message', (message: ToWorker) => {
  if (message.type === 'bind') void bind(message.id, message.local);
  else if (message.type === 'close') void close(message.id);
  else {
    queue.push(...message.packets);
    if (!isBeating) beat();
  }
});
