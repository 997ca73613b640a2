// OpenSSL and GnuTLS as DTLS 1.2 peers on loopback, each in a child process with a certificate of its own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type PeerKind = 'openssl-server' | 'openssl-client' | 'gnutls-server' | 'gnutls-client';

export interface PeerSettings {
  readonly key?: 'P-256' | 'P-384' | 'rsa';
  /** Cipher suites in the tool's own notation. */
  readonly suites?: string;
  /** OpenSSL's list of groups. */
  readonly groups?: string;
  readonly mtu?: number;
  /** Whether an OpenSSL server asks for a cookie. */
  readonly cookie?: boolean;
}

export const EXPORTER_BYTES = 60;
const LABEL = 'EXTRACTOR-dtls_srtp';

/** Whether a tool can be started here. */
export async function hasTool(tool: 'openssl' | 'gnutls-cli'): Promise<boolean> {
  return run(tool, tool === 'openssl' ? ['version'] : ['--version']).then(
    () => true,
    () => false,
  );
}

/** A UDP port on 127.0.0.1 that is free just now. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** A running peer. */
export class DtlsPeer {
  readonly certificate: Uint8Array;
  output = '';
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string, certificate: Uint8Array) {
    this.#child = child;
    this.#directory = directory;
    this.certificate = certificate;
    child.stdout?.on('data', (text: Buffer) => (this.output += text.toString()));
    child.stderr?.on('data', (text: Buffer) => (this.output += text.toString()));
  }

  static async start(kind: PeerKind, port: number, settings: PeerSettings = {}): Promise<DtlsPeer> {
    const directory = await mkdtemp(join(tmpdir(), 'dtls-peer-'));
    const [keyFile, certificateFile] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
    const newKey = settings.key === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', `ec_paramgen_curve:${settings.key ?? 'P-256'}`];
    await run('openssl', ['req', '-x509', '-newkey', ...newKey, '-nodes', '-days', '2', '-subj', '/CN=peer', '-keyout', keyFile, '-out', certificateFile]);
    const pem = await readFile(certificateFile, 'utf8');
    const certificate = new Uint8Array(Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ''), 'base64'));
    const [command, ...args] = kind.startsWith('openssl') ? openssl(kind, port, settings, keyFile, certificateFile) : gnutls(kind, port, settings, keyFile, certificateFile);
    const peer = new DtlsPeer(spawn(command as string, args, { stdio: 'pipe' }), directory, certificate);
    if (kind.endsWith('server')) await peer.seen(/ACCEPT|listening|ready/i, 5_000);
    return peer;
  }

  /** Waits until the output matches. */
  async seen(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (Date.now() > until) throw new Error(`no ${pattern} in: ${this.output.slice(-2_000)}`);
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  /** Sends a line to the other side. */
  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const exit = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await exit;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function openssl(kind: PeerKind, port: number, settings: PeerSettings, keyFile: string, certificateFile: string): string[] {
  const common = ['-dtls1_2', '-cert', certificateFile, '-key', keyFile, '-mtu', String(settings.mtu ?? 1200)];
  common.push('-use_srtp', 'SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80', '-keymatexport', LABEL, '-keymatexportlen', String(EXPORTER_BYTES));
  if (settings.suites !== undefined) common.push('-cipher', settings.suites);
  if (settings.groups !== undefined) common.push('-groups', settings.groups);
  if (kind === 'openssl-client') return ['openssl', 's_client', ...common, '-connect', `127.0.0.1:${port}`];
  return ['openssl', 's_server', ...common, '-accept', `127.0.0.1:${port}`, '-Verify', '1', ...(settings.cookie ? ['-listen'] : [])];
}

function gnutls(kind: PeerKind, port: number, settings: PeerSettings, keyFile: string, certificateFile: string): string[] {
  const common = ['--udp', '--port', String(port), '--mtu', String(settings.mtu ?? 1200), '--x509certfile', certificateFile, '--x509keyfile', keyFile];
  common.push('--srtp-profiles=SRTP_AES128_CM_HMAC_SHA1_80', '--priority', settings.suites ?? 'NORMAL:-VERS-ALL:+VERS-DTLS1.2', '--keymatexport', LABEL, '--keymatexportsize', String(EXPORTER_BYTES));
  if (kind === 'gnutls-client') return ['gnutls-cli', ...common, '--insecure', '127.0.0.1'];
  return ['gnutls-serv', ...common, '--echo', '--require-client-cert'];
}
