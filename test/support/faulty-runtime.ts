import { RtcError } from '../../src/core/index.ts';
import type { Runtime, UdpBindOptions, UdpHandler, UdpSocket } from '../../src/runtime/runtime.ts';
import { socketErrorKind } from '../../src/runtime/socket-errors.ts';
import { seededRandom } from './fuzz.ts';

/** What a send may end with. */
export const SEND_CODES = ['EAGAIN', 'ENOBUFS', 'EMSGSIZE', 'EPERM', 'ECONNREFUSED'] as const;
/** What goes wrong at a call: of `send` the codes and the closed socket, of `bindUdp` EMFILE, of `setTimer`, `afterReads` and `unixNow` the rest. */
export type Fault = (typeof SEND_CODES)[number] | 'socket closed' | 'EMFILE' | 'late timer' | 'suspended' | 'wall clock';
export const FAULTS: readonly Fault[] = [...SEND_CODES, 'socket closed', 'EMFILE', 'late timer', 'suspended', 'wall clock'];

export const YEAR_MS = 365 * 86_400_000;
const LATE_MS = 1000;
const SUSPENDED_MS = 3000;

/** Which faults happen, how often, and how often they did. */
export class Faults {
  isOn = false;
  readonly #kinds: ReadonlySet<Fault>;
  readonly #share: number;
  readonly #counts: Map<Fault, { calls: number; struck: number }>;
  readonly #random: (bytes: Uint8Array) => void;
  readonly #word: Uint8Array = new Uint8Array(4);

  constructor(kinds: readonly Fault[], percent: number, seed: number) {
    this.#kinds = new Set(kinds);
    this.#share = percent / 100;
    this.#counts = new Map(kinds.map((kind) => [kind, { calls: 0, struck: 0 }]));
    this.#random = seededRandom(seed);
  }

  calls(kind: Fault): number {
    return this.#counts.get(kind)?.calls ?? 0;
  }

  struck(kind: Fault): number {
    return this.#counts.get(kind)?.struck ?? 0;
  }

  /** Whether this call goes wrong so. */
  strikes(kind: Fault): boolean {
    const count = this.#counts.get(kind);
    if (!this.isOn || count === undefined || !this.#kinds.has(kind)) return false;
    count.calls++;
    this.#random(this.#word);
    if (new DataView(this.#word.buffer).getUint32(0) / 2 ** 32 >= this.#share) return false;
    count.struck++;
    return true;
  }
}

/** The callbacks of a process that may be stopped: what comes while it is runs in order when it goes on. */
class Process {
  readonly #runtime: Runtime;
  #held: (() => void)[] | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  run(callback: () => void): void {
    if (this.#held !== undefined) this.#held.push(callback);
    else callback();
  }

  suspend(): void {
    this.#held ??= [];
    this.#runtime.setTimer(SUSPENDED_MS, () => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const callback of held) this.run(callback);
    });
  }
}

/** A runtime whose calls go wrong now and then. */
export function faultyRuntime(runtime: Runtime, faults: Faults): Runtime {
  const process = new Process(runtime);
  const open = new Set<UdpSocket>();
  let unixJumpMs = 0;
  return {
    ...runtime,
    unixNow() {
      if (faults.strikes('wall clock')) unixJumpMs = unixJumpMs > 0 ? -10 * YEAR_MS : 10 * YEAR_MS;
      return runtime.unixNow() + unixJumpMs;
    },
    setTimer: (delayMs, callback, keepAlive) => runtime.setTimer(faults.strikes('late timer') ? delayMs + LATE_MS : delayMs, () => process.run(callback), keepAlive),
    afterReads(callback) {
      if (faults.strikes('suspended')) process.suspend();
      runtime.afterReads(() => process.run(callback));
    },
    async bindUdp(options: UdpBindOptions): Promise<UdpSocket> {
      if (faults.strikes('EMFILE')) throw new RtcError('ERR_NETWORK', 'cannot bind a UDP socket: EMFILE');
      const { handler } = options;
      const told: UdpHandler = {
        onDatagram: (bytes, remote) => process.run(() => handler.onDatagram(bytes, remote)),
        onError: (error) => process.run(() => handler.onError(error)),
        onClose: () => process.run(() => handler.onClose()),
      };
      const socket = await runtime.bindUdp({ ...options, handler: told });
      open.add(socket);
      return faultySocket(socket, told, { runtime, faults, open });
    },
  };
}

function faultySocket(socket: UdpSocket, handler: UdpHandler, { runtime, faults, open }: { readonly runtime: Runtime; readonly faults: Faults; readonly open: Set<UdpSocket> }): UdpSocket {
  return {
    get localAddress() {
      return socket.localAddress;
    },
    get queuedBytes() {
      return socket.queuedBytes;
    },
    send(bytes, remote) {
      if (!open.has(socket)) return;
      const code = SEND_CODES.find((each) => faults.strikes(each));
      if (code !== undefined) {
        const error = { kind: socketErrorKind(code), code, message: code, remote, sizeBytes: bytes.length };
        runtime.setTimer(0, () => handler.onError(error));
      } else if (open.size > 1 && faults.strikes('socket closed')) {
        // The last one stays: without any socket a connection fails rightly.
        open.delete(socket);
        void socket.close();
        runtime.setTimer(0, () => handler.onClose());
      } else socket.send(bytes, remote);
    },
    close() {
      open.delete(socket);
      return socket.close();
    },
  };
}
