// Our side of the signaling convention of peers/README.md: starts a peer program and talks to it.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = (name: string): string => fileURLToPath(new URL(`peers/${name}`, import.meta.url));
const succeeds = (program: string, ...args: string[]): Promise<boolean> =>
  promisify(execFile)(program, args, { timeout: 20_000 }).then(
    () => true,
    () => false,
  );

export const PYTHON = '/usr/bin/python3'; // not the first in PATH: Debian's packages belong to this one
export const CHROMIUM: string = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const FIREFOX: string = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const PION = here('pion/pion-peer');

const hasPackage = (name: string): boolean => {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
};

/** Builds the Pion peer when it is missing or older than its source; the reason when that cannot be. */
async function buildPion(): Promise<string | undefined> {
  if (existsSync(PION) && spawnSync('find', [here('pion/main.go'), '-newer', PION]).stdout.length === 0) return undefined;
  if (!(await succeeds('go', 'version'))) return 'go is not installed';
  if (!existsSync('/usr/share/gocode/src/github.com/pion/webrtc')) return 'golang-github-pion-webrtc.v3-dev is not installed';
  try {
    await promisify(execFile)(here('pion/build.sh'), [PION], { timeout: 300_000 });
    return undefined;
  } catch (error) {
    return `pion/build.sh failed: ${(error as Error).message}`;
  }
}

interface PeerProgram {
  /** Program and first arguments. */
  readonly command: readonly string[];
  /** Why it cannot be started here; undefined when it can. */
  missing(): Promise<string | undefined>;
}

const node = (file: string, packageName: string, executable?: string): PeerProgram => ({
  command: [process.execPath, here(file)],
  missing: async () => {
    if (!hasPackage(packageName)) return `npm package ${packageName} is not installed`;
    return executable === undefined || existsSync(executable) ? undefined : `${executable} is not installed`;
  },
});

const python = (file: string, code: string, packageName: string): PeerProgram => ({
  command: [PYTHON, here(file)],
  missing: async () => ((await succeeds(PYTHON, '-c', code)) ? undefined : `${packageName} is not installed`),
});

export const peerPrograms = {
  sansrtc: node('sansrtc.mjs', 'sansrtc'),
  chromium: node('chromium.mjs', 'playwright-core', CHROMIUM),
  firefox: node('firefox.mjs', 'puppeteer-core', FIREFOX),
  'node-datachannel': node('node-datachannel.mjs', 'node-datachannel'),
  wrtc: node('wrtc.mjs', '@roamhq/wrtc'),
  werift: node('werift.mjs', 'werift'),
  aiortc: python('aiortc_peer.py', 'import aiortc', 'python3-aiortc'),
  pion: { command: [PION], missing: buildPion },
  gstreamer: python(
    'gst_peer.py',
    'import gi; gi.require_version("GstWebRTC", "1.0"); from gi.repository import Gst; Gst.init(None); assert Gst.ElementFactory.find("webrtcbin") and Gst.ElementFactory.find("nicesrc")',
    'GStreamer with webrtcbin and libnice',
  ),
} as const satisfies Record<string, PeerProgram>;

export type PeerName = keyof typeof peerPrograms;

/** A data channel as the peer sees it. */
export interface PeerChannel {
  readonly label: string;
  readonly state: string;
  readonly ordered?: boolean;
  readonly maxRetransmits?: number | null;
  readonly protocol?: string;
}

/** An RTP stream as the peer sees it, by the W3C names where it has them. Absent: the peer does not know. */
export interface PeerStream {
  readonly kind: 'audio' | 'video';
  readonly codec?: string;
  readonly rid?: string;
  readonly ssrc?: number;
  readonly packetsReceived?: number;
  readonly packetsLost?: number;
  readonly retransmittedPacketsReceived?: number;
  readonly fecPacketsReceived?: number;
  readonly packetsDiscarded?: number;
  readonly framesReceived?: number;
  readonly framesDecoded?: number;
  readonly framesDropped?: number;
  readonly keyFramesDecoded?: number;
  readonly frameWidth?: number;
  readonly freezeCount?: number;
  readonly packetsSent?: number;
  readonly retransmittedPacketsSent?: number;
  readonly framesEncoded?: number;
  readonly framesSent?: number;
  readonly keyFramesEncoded?: number;
  readonly active?: boolean;
  readonly nackCount?: number;
  readonly pliCount?: number;
  readonly roundTripTime?: number;
}

export interface PeerReply {
  readonly type: string;
  readonly sdp: string;
  readonly inbound?: readonly PeerStream[];
  readonly outbound?: readonly PeerStream[];
  /** What reports of ours told the peer. */
  readonly remoteInbound?: readonly PeerStream[];
  readonly remoteOutbound?: readonly PeerStream[];
  readonly state?: string;
  /** Those that the connection had, in order, where the peer tells. */
  readonly states?: readonly string[];
  readonly dataMessages?: number;
  readonly message?: string;
  readonly channels?: readonly PeerChannel[];
  readonly pair?: string;
}

/** A running peer program. */
export interface PeerProcess {
  readonly name: string;
  tell(message: object): void;
  /** Sends a request and waits for its reply; rejects when the peer reports an error or ends. */
  ask(message: { readonly type: 'offer' | 'make-offer' | 'restart-ice' | 'stop' | 'stop-media' | 'hang-up' | 'stats'; readonly [key: string]: unknown }): Promise<PeerReply>;
  /** The last lines that the peer wrote to stderr. */
  log(): string;
  close(): Promise<void>;
}

const REPLIES = { offer: 'answer', 'make-offer': 'offer', 'restart-ice': 'offer', stop: 'offer', 'stop-media': 'media-stopped', 'hang-up': 'hung-up', stats: 'stats' } as const;
const LOG_BYTES = 2000;

interface Waiting {
  readonly type: string;
  resolve(reply: PeerReply): void;
  reject(error: Error): void;
}

/** Starts a peer, in a network namespace if one is named. `PEERS_LOG=1` passes its stderr on. */
export function spawnPeer(name: PeerName, args: readonly string[] = [], timeoutMs = 30_000, namespace?: string): PeerProcess {
  const inside = namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace];
  const [program = '', ...first] = [...inside, ...peerPrograms[name].command];
  const child = spawn(program, [...first, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting: Waiting[] = [];
  let log = '';
  let gone: Error | undefined;
  const fail = (error: Error): void => {
    gone = error;
    for (const w of waiting.splice(0)) w.reject(error);
  };
  const keep = (text: string): void => {
    log = (log + text).slice(-LOG_BYTES);
    if (process.env.PEERS_LOG) process.stderr.write(text);
  };
  child.stderr.setEncoding('utf8').on('data', keep);
  child.on('error', fail);
  child.on('exit', (code, signal) => fail(new Error(`${name} ended (${signal ?? code}) ${log.trim()}`)));
  child.stdin.on('error', () => {}); // its end is reported by 'exit'
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return keep(`${line}\n`);
    const message = JSON.parse(line) as PeerReply;
    const at = waiting.findIndex((w) => w.type === message.type || message.type === 'error');
    const [w] = at < 0 ? [] : waiting.splice(at, 1);
    if (message.type === 'error') w?.reject(new Error(`${name}: ${message.message}`));
    else w?.resolve(message);
  });
  const tell = (message: object): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  return {
    name,
    tell,
    ask(message) {
      if (gone) return Promise.reject(gone);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${name}: no reply to '${message.type}' in ${timeoutMs} ms`)), timeoutMs);
        waiting.push({
          type: REPLIES[message.type],
          resolve: (reply) => (clearTimeout(timer), resolve(reply)),
          reject: (error) => (clearTimeout(timer), reject(error)),
        });
        tell(message);
      });
    },
    log: () => log.trim(),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const ended = once(child, 'exit');
      child.stdin.end('{"type":"close"}\n');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Starts a peer and waits until it listens. A browser now and then hangs while it starts: it gets a second chance, a case does not. */
export async function startPeer(name: PeerName, args: readonly string[] = []): Promise<PeerProcess> {
  const first = spawnPeer(name, args);
  try {
    await first.ask({ type: 'stats' });
    return first;
  } catch {
    await first.close();
  }
  const second = spawnPeer(name, args);
  await second.ask({ type: 'stats' });
  return second;
}
