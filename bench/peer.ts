// One peer of one library, in a process of its own. The bench speaks with it over IPC: requests have an id and get a
// reply with the same id; signals have a connection's key and go to the other peer.
import { LIBRARY_FILES } from './libs/index.ts';
import type { Channel, Connection, Library, Signal } from './libs/library.ts';
import { cpuMs, memoryUse, monotonicMs } from './process.ts';
import { startProfile } from './profile.ts';
import type { RtpConnection, RtpFeatures, RtpLibrary } from './rtp/library.ts';
import { forward, RtpCounter, type RtpTraffic, takeIn } from './rtp/traffic.ts';
import { receive, roundTrips, type Rounds, type Traffic, transmit } from './traffic.ts';

const file = LIBRARY_FILES[process.argv[2] as keyof typeof LIBRARY_FILES];
const { library } = (await import(`./libs/${file}`)) as { library: Library };
/** The library's other half, loaded when it is first asked for. */
const rtpLibrary = async (): Promise<RtpLibrary> => ((await import(`./rtp/${file}`)) as { library: RtpLibrary }).library;
const counter = new RtpCounter();

interface Session {
  readonly connection: Pick<Connection, 'signal' | 'close'>;
  /** Of a connection that has any. */
  readonly channels: Promise<readonly Channel[]>;
  readonly opened: Promise<unknown>;
  /** Signals are applied one after the other; candidates wait for the description. */
  queue: Promise<void>;
  described: boolean;
  readonly early: Signal[];
}

const sessions = new Map<number, Session>();
/** Signals that came while their connection was being made. */
const orphans = new Map<number, Signal[]>();
const tell = (message: object): void => void process.send?.(message);

function apply(session: Session, signal: Signal): void {
  if (signal.type === 'candidate' && !session.described) return void session.early.push(signal);
  const all = signal.type === 'candidate' ? [signal] : [signal, ...session.early.splice(0)];
  if (signal.type !== 'candidate') session.described = true;
  for (const s of all) session.queue = session.queue.then(() => session.connection.signal(s));
}

interface Request extends Traffic, Rounds, RtpTraffic {
  readonly id: number;
  readonly op: string;
  readonly key: number;
  /** Of several connections at once. */
  readonly keys: readonly number[];
  readonly offers: boolean;
  readonly channels: number;
  readonly mtuBytes?: number;
  readonly rtp?: RtpFeatures;
  /** Which channel of the connection. */
  readonly channel: number;
}

async function open({ key, offers, channels, mtuBytes, rtp }: Request): Promise<Session> {
  const send = (signal: Signal): void => {
    const elsewhere = signal.type === 'candidate' && !signal.candidate.includes(' 127.0.0.1 ');
    if (!elsewhere) tell({ key, signal });
  };
  const made: RtpConnection | Connection = rtp
    ? await (await rtpLibrary()).connect({ offers, features: rtp, send, onRtp: counter.count })
    : await library.connect({ offers, channels, ...(mtuBytes === undefined ? {} : { mtuBytes }), send });
  const parts = 'channels' in made ? { channels: made.channels, opened: made.channels } : { channels: Promise.resolve([]), opened: made.ready };
  const session: Session = { connection: made, ...parts, queue: Promise.resolve(), described: false, early: [] };
  sessions.set(key, session);
  for (const signal of orphans.get(key) ?? []) apply(session, signal);
  orphans.delete(key);
  return session;
}

async function channelOf(key: number, at: number): Promise<Channel> {
  const channel = (await sessions.get(key)?.channels)?.[at];
  if (!channel) throw new Error(`no channel ${at} of connection ${key}`);
  return channel;
}

const channelsOf = (keys: readonly number[]): Promise<readonly Channel[]> => Promise.all(keys.map((key) => channelOf(key, 0)));

/** Each returns what is to be replied. */
const operations: Record<string, (request: Request) => Promise<unknown>> = {
  async open(request) {
    const startMs = monotonicMs();
    const session = await open(request);
    await session.opened;
    return { startMs, openMs: monotonicMs() };
  },
  async close({ key }) {
    const session = sessions.get(key);
    sessions.delete(key);
    await session?.connection.close();
  },
  transmit: async (request) => transmit(await channelsOf(request.keys), request),
  receive: async (request) => receive(await channelsOf(request.keys), request),
  async echo({ key, channel: at }) {
    const channel = await channelOf(key, at);
    channel.onMessage((message) => channel.send(message as Uint8Array<ArrayBuffer>));
  },
  forward: async (request) => forward(await rtpLibrary(), request),
  'take-in': (request) => takeIn(counter, request),
  'round-trips': async (request) => roundTrips(await channelOf(request.key, request.channel), request),
  cpu: async () => cpuMs(),
  memory: () => memoryUse(),
};

process.on('message', (message: Request | { readonly key: number; readonly signal: Signal }) => {
  if ('signal' in message) {
    const session = sessions.get(message.key);
    if (session) apply(session, message.signal);
    else orphans.set(message.key, [...(orphans.get(message.key) ?? []), message.signal]);
    return;
  }
  const { id, op } = message;
  Promise.resolve(operations[op]?.(message)).then(
    (result) => tell({ id, result }),
    (error: Error) => tell({ id, error: String(error?.stack ?? error) }),
  );
});
const writeProfile = process.argv[3] === undefined ? undefined : startProfile(process.argv[3]);
process.on('disconnect', () => {
  writeProfile?.();
  process.exit(0);
});
process.on('unhandledRejection', (error) => console.error(`${library.name}:`, error));
tell({ ready: true });
