import { type Configuration, importCertificate, PeerConnection, type PeerConnectionEventHandler, type Settings } from '../api/index.ts';
import { RtcError } from '../core/index.ts';
import type { Runtime } from '../runtime/index.ts';
import type { Inbox, Outbox } from './outbox.ts';
import { FIRST_SNAPSHOT, type Method, NO_MEDIA, type PlainConfiguration, type PlainEvent, type PlainOptions, type Report, type Request, type Snapshot, toErrorText } from './packets.ts';
import { RelayChannel } from './relay-channel.ts';

/** What the connections of a worker are made with, besides what their user says. */
export interface WorkerSetup {
  /** Default: the one of the platform. */
  readonly runtime?: Runtime;
  /** What cannot go from thread to thread, such as an own provider of cryptography. What a connection says itself comes first. */
  readonly settings?: Settings;
}

/** The connections of one worker. */
export class ConnectionHost implements Inbox<Request> {
  readonly #outbox: Outbox<Report>;
  readonly #runtime: Runtime;
  readonly #settings: Settings;
  readonly #sessions: Map<number, Session> = new Map();

  constructor(outbox: Outbox<Report>, runtime: Runtime, setup: WorkerSetup) {
    this.#outbox = outbox;
    this.#runtime = runtime;
    this.#settings = setup.settings ?? {};
  }

  onNote(request: Request): void {
    const { connection } = request;
    if (request.type === 'open') {
      const session = new Session(connection, this.#outbox, this.#runtime, () => this.#sessions.delete(connection));
      this.#sessions.set(connection, session);
      void session.open(request.call, request.options, this.#settings);
      return;
    }
    this.#sessions.get(connection)?.onRequest(request);
  }

  onMessage(connection: number, channel: number, isBinary: boolean, bytes: Uint8Array): void {
    this.#sessions.get(connection)?.channels.get(channel)?.relay(isBinary, bytes);
  }

  onAmount(connection: number, channel: number, bytes: number): void {
    this.#sessions.get(connection)?.channels.get(channel)?.addCredit(bytes);
  }
}

/** One connection of a worker. */
class Session {
  readonly channels: Map<number, RelayChannel> = new Map();
  readonly #number: number;
  readonly #outbox: Outbox<Report>;
  readonly #runtime: Runtime;
  readonly #onEnd: () => void;
  #connection: PeerConnection | undefined;
  #snapshot: Snapshot = FIRST_SNAPSHOT;
  /** The number of the channel that is being made for the other thread. */
  #making: number | undefined;
  /** Channels of the peer have odd numbers, those of the other thread even ones. */
  #nextIncoming = 1;

  constructor(number: number, outbox: Outbox<Report>, runtime: Runtime, onEnd: () => void) {
    this.#number = number;
    this.#outbox = outbox;
    this.#runtime = runtime;
    this.#onEnd = onEnd;
  }

  async open(call: number, { configuration, settings, udpAddrs, isLogged }: PlainOptions, own: Settings): Promise<void> {
    const connection = this.#number;
    const log = isLogged ? (level: 'debug' | 'info' | 'warn' | 'error', room: string, message: string): void => this.#outbox.note({ type: 'log', connection, level, room, message }) : own.log;
    const options = { configuration: this.#richConfiguration(configuration), settings: { ...own, ...settings, ...(log && { log }) }, udpAddrs, handler: this.#handler() };
    try {
      this.#connection = await PeerConnection.open(options, this.#runtime, (port, handle, state) => {
        const number = this.#making ?? this.#nextIncoming;
        if (this.#making === undefined) this.#nextIncoming += 2;
        const channel = new RelayChannel(port, handle, state, { outbox: this.#outbox, connection, number, onOver: () => this.channels.delete(number) });
        this.channels.set(number, channel);
        return channel;
      });
      this.#reply(call, undefined);
    } catch (error) {
      this.#onEnd();
      this.#outbox.note({ type: 'reply', connection, call, error: toErrorText(error), changes: {} });
    }
  }

  onRequest(request: Exclude<Request, { readonly type: 'open' }>): void {
    switch (request.type) {
      case 'call':
        void this.#call(request.call, request.method, request.argument);
        return;
      case 'channel':
        return this.#makeChannel(request);
      case 'close-channel':
        return this.channels.get(request.channel)?.relayClose();
      default:
        request satisfies never;
    }
  }

  async #call(call: number, method: Method, argument: unknown): Promise<void> {
    const connection = this.#connection;
    try {
      if (connection === undefined) throw new RtcError('ERR_CLOSED', 'the connection is not open');
      this.#reply(call, await this.#run(connection, method, argument));
    } catch (error) {
      this.#outbox.note({ type: 'reply', connection: this.#number, call, error: toErrorText(error), changes: this.#changes() });
    }
    if (method === 'close') this.#onEnd();
  }

  async #run(connection: PeerConnection, method: Method, argument: unknown): Promise<unknown> {
    switch (method) {
      case 'restartIce':
        return connection.restartIce();
      case 'setConfiguration':
        return connection.setConfiguration(this.#richConfiguration(argument as PlainConfiguration));
      case 'getStats':
        return [...(await connection.getStats()).values()];
      case 'createOffer':
      case 'createAnswer':
      case 'setLocalDescription':
      case 'setRemoteDescription':
      case 'addIceCandidate':
      case 'close':
        return (connection[method] as (argument: unknown) => Promise<unknown>).call(connection, argument);
      default:
        return method satisfies never;
    }
  }

  #makeChannel({ channel, label, init }: Extract<Request, { readonly type: 'channel' }>): void {
    this.#making = channel;
    try {
      if (this.#connection === undefined) throw new RtcError('ERR_CLOSED', 'the connection is closed');
      this.#connection.createDataChannel(label, init);
    } catch (error) {
      this.#outbox.note({ type: 'channel-closed', connection: this.#number, channel, error: toErrorText(error) });
    } finally {
      this.#making = undefined;
    }
  }

  #handler(): PeerConnectionEventHandler {
    const report = (event: PlainEvent): void => this.#outbox.note({ type: 'event', connection: this.#number, event, changes: this.#changes() });
    return {
      onNegotiationNeeded: () => report({ type: 'negotiationneeded' }),
      onIceCandidate: (candidate) => report({ type: 'icecandidate', candidate }),
      onIceCandidateError: (error) => report({ type: 'icecandidateerror', error }),
      onSignalingStateChange: (state) => report({ type: 'signalingstatechange', state }),
      onIceConnectionStateChange: (state) => report({ type: 'iceconnectionstatechange', state }),
      onIceGatheringStateChange: (state) => report({ type: 'icegatheringstatechange', state }),
      onConnectionStateChange: (state) => report({ type: 'connectionstatechange', state }),
      onDataChannel: (channel) => {
        const { number, facts } = channel as RelayChannel;
        this.#outbox.note({ type: 'channel', connection: this.#number, channel: number, facts });
      },
      onTrack: () => {
        this.#outbox.note({ type: 'fault', connection: this.#number, error: { code: 'ERR_NOT_SUPPORTED', message: `the peer sends media: ${NO_MEDIA}` }, changes: this.#changes() });
      },
      onError: (error) => {
        // A fault of the connection itself closes it right after this.
        queueMicrotask(() => this.#outbox.note({ type: 'fault', connection: this.#number, error: toErrorText(error), changes: this.#changes() }));
      },
    };
  }

  #reply(call: number, value: unknown): void {
    this.#outbox.note({ type: 'reply', connection: this.#number, call, value, changes: this.#changes() });
  }

  /** What getters tell that was not told yet. */
  #changes(): Partial<Snapshot> {
    const connection = this.#connection;
    if (connection === undefined) return {};
    const changes: Record<string, unknown> = {};
    for (const name of Object.keys(FIRST_SNAPSHOT) as (keyof Snapshot)[]) {
      const value = connection[name];
      if (!isSame(value, this.#snapshot[name])) changes[name] = value;
    }
    this.#snapshot = { ...this.#snapshot, ...changes };
    return changes as Partial<Snapshot>;
  }

  #richConfiguration({ certificates, ...plain }: PlainConfiguration): Configuration {
    return certificates === undefined ? plain : { ...plain, certificates: certificates.map((text) => importCertificate(text, { runtime: this.#runtime })) };
  }
}

/** Whether a getter tells the same as before: descriptions are made anew each time. */
function isSame(a: Snapshot[keyof Snapshot], b: Snapshot[keyof Snapshot]): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  return 'sdp' in a && 'sdp' in b ? a.sdp === b.sdp && a.type === b.type : JSON.stringify(a) === JSON.stringify(b);
}
