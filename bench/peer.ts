// One peer of one library, in a process of its own. The bench speaks with it over IPC: requests have an id and get a
// reply with the same id; signals have a connection's key and go to the other peer.
import type { Channel, Connection, Library, Signal } from './libs/library.ts';
import { LIBRARY_FILES, type LibraryName } from './libs/index.ts';
import { cpuMs, monotonicMs, residentKiB } from './process.ts';
import { receive, roundTrips, transmit } from './traffic.ts';

const { library } = (await import(`./libs/${LIBRARY_FILES[process.argv[2] as LibraryName]}`)) as { library: Library };

interface Session {
  readonly connection: Connection;
  readonly channel: Promise<Channel>;
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

async function open(key: number, offers: boolean): Promise<Session> {
  const connection = await library.connect(offers, (signal) => {
    const elsewhere = signal.type === 'candidate' && !signal.candidate.includes(' 127.0.0.1 ');
    if (!elsewhere) tell({ key, signal });
  });
  const session: Session = { connection, channel: connection.channel, queue: Promise.resolve(), described: false, early: [] };
  sessions.set(key, session);
  for (const signal of orphans.get(key) ?? []) apply(session, signal);
  orphans.delete(key);
  return session;
}

const channelOf = (key: number): Promise<Channel> => {
  const session = sessions.get(key);
  if (!session) throw new Error(`no connection ${key}`);
  return session.channel;
};

interface Request {
  readonly id: number;
  readonly op: string;
  readonly key: number;
  readonly offers: boolean;
  readonly sizeBytes: number;
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly rounds: number;
}

/** Each returns what is to be replied. */
const operations: Record<string, (request: Request) => Promise<unknown>> = {
  async open({ key, offers }) {
    const startMs = monotonicMs();
    const session = await open(key, offers);
    await session.channel;
    return { startMs, openMs: monotonicMs() };
  },
  async close({ key }) {
    const session = sessions.get(key);
    sessions.delete(key);
    await session?.connection.close();
  },
  transmit: async ({ key, sizeBytes, durationMs }) => transmit(await channelOf(key), sizeBytes, durationMs),
  receive: async ({ key, warmUpMs, durationMs }) => receive(await channelOf(key), warmUpMs, durationMs),
  async echo({ key }) {
    const channel = await channelOf(key);
    channel.onMessage((message) => channel.send(message as Uint8Array<ArrayBuffer>));
  },
  'round-trips': async ({ key, sizeBytes, rounds }) => roundTrips(await channelOf(key), sizeBytes, rounds),
  usage: async () => ({ cpuMs: cpuMs(), residentKiB: await residentKiB() }),
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
process.on('disconnect', () => process.exit(0));
process.on('unhandledRejection', (error) => console.error(`${library.name}:`, error));
tell({ ready: true });
