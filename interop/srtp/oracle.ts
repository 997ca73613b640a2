// libsrtp as a child process that protects and opens single packets.
import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PYTHON } from '../spawn-peer.ts';
import { within } from '../suite.ts';

const PROGRAM = fileURLToPath(new URL('../peers/srtp_oracle.py', import.meta.url));
const REPLY_MS = 10_000;

export type OracleProfile = 'AES128_CM_SHA1_80' | 'AES128_CM_SHA1_32' | 'AEAD_AES_128_GCM' | 'AEAD_AES_256_GCM';

interface Reply {
  readonly id: number;
  readonly packet?: string;
  readonly error?: string;
}

/** Why the oracle cannot run here; undefined when it can. */
export async function oracleMissing(): Promise<string | undefined> {
  return promisify(execFile)(PYTHON, ['-c', 'import pylibsrtp'], { timeout: 20_000 }).then(
    () => undefined,
    () => 'python3-pylibsrtp is not installed',
  );
}

/** One run of libsrtp, whose sessions live as long as it does. */
export class SrtpOracle {
  readonly #child: ChildProcessWithoutNullStreams = spawn(PYTHON, [PROGRAM]);
  readonly #waiting: Map<number, (reply: Reply) => void> = new Map();
  #nextId = 1;
  #errors = '';

  constructor() {
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const reply = JSON.parse(line) as Reply;
      this.#waiting.get(reply.id)?.(reply);
      this.#waiting.delete(reply.id);
    });
    this.#child.stderr.on('data', (text: Buffer) => (this.#errors += text.toString()));
    this.#child.stdin.on('error', () => undefined); // its end shows in the replies that do not come
  }

  /** The packet after `what`; undefined when libsrtp refuses it. */
  async ask(what: 'protect' | 'unprotect' | 'protect_rtcp' | 'unprotect_rtcp', profile: OracleProfile, key: Uint8Array, packet: Uint8Array): Promise<Uint8Array | undefined> {
    const id = this.#nextId++;
    const answer = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve));
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    this.#child.stdin.write(`${JSON.stringify({ id, do: what, profile, key: hex(key), packet: hex(packet) })}\n`);
    const { packet: out } = await within(answer, REPLY_MS, `libsrtp, ${what}`).catch((error: unknown) => {
      throw new Error(`${String(error)} ${this.#errors.slice(-400)}`);
    });
    return out === undefined ? undefined : new Uint8Array(Buffer.from(out, 'hex'));
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end();
    await within(ended, REPLY_MS, 'the end of libsrtp').catch(() => this.#child.kill());
  }
}
