import type {
  Configuration,
  ConnectionState,
  DataChannelInit,
  DescriptionInit,
  IceConnectionState,
  IceGatheringState,
  IceServer,
  PeerConnectionEvent,
  SelectedCandidatePair,
  SessionDescriptionInit,
  Settings,
  SignalingState,
} from '../api/index.ts';
import { type ErrorCode, type LogLevel, RtcError } from '../core/index.ts';

/** What an entry of a batch is. */
export const ENTRY = {
  /** An object; the word is its place among the batch's notes. */
  NOTE: 0,
  /** A message; the words are the place of its buffer, its offset and its length, in bytes. */
  TEXT: 1,
  BINARY: 2,
  /** To the worker: received bytes that were read. From it: sent bytes that left the buffer. The word is their number. */
  AMOUNT: 3,
} as const;

/** Words of an entry: kind, connection, channel, and three more. */
export const ENTRY_WORDS = 6;

/** What goes from one thread to the other at once: entries in their order, with the buffers and objects that they name. */
export interface Batch<Note> {
  readonly entries: Uint32Array;
  /** Handed over, not copied. */
  readonly buffers: readonly ArrayBuffer[];
  readonly notes: readonly Note[];
}

/** What users hear who want media, and those to whom a peer sends some. */
export const NO_MEDIA = 'a connection in a worker carries data channels alone: use createPeerConnection of the package for tracks';

/** The methods of a connection that its worker runs. */
export type Method =
  | 'createOffer'
  | 'createAnswer'
  | 'setLocalDescription'
  | 'setRemoteDescription'
  | 'addIceCandidate'
  | 'restartIce'
  | 'getStats'
  | 'setConfiguration'
  | 'close';

/** A certificate as text, with its key: both threads belong to one process. */
export interface CertificateText {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A configuration without what cannot go to another thread. */
export interface PlainConfiguration extends Omit<Configuration, 'certificates' | 'iceServers'> {
  readonly iceServers?: readonly IceServer[];
  readonly certificates?: readonly CertificateText[];
}

export interface PlainOptions {
  readonly configuration: PlainConfiguration;
  readonly settings: Omit<Settings, 'crypto' | 'log'>;
  readonly udpAddrs: readonly string[] | undefined;
  /** Whether log entries are wanted. */
  readonly isLogged: boolean;
}

/** A description as it can go to another thread, whatever object it came as. */
export function plainDescription({ type, sdp }: DescriptionInit): DescriptionInit {
  return (sdp === undefined ? { type } : { type, sdp }) as DescriptionInit;
}

/** A configuration as it can go to another thread: certificates as text. */
export function plainConfiguration({ certificates, iceServers, ...plain }: Configuration): PlainConfiguration {
  return {
    ...plain,
    ...(iceServers && { iceServers: iceServers.map((server) => ({ ...server })) }),
    ...(certificates && { certificates: certificates.map((certificate) => certificate.exportPem()) }),
  };
}

/** To a worker. */
export type Request =
  | { readonly type: 'open'; readonly connection: number; readonly call: number; readonly options: PlainOptions }
  | { readonly type: 'call'; readonly connection: number; readonly call: number; readonly method: Method; readonly argument: unknown }
  | { readonly type: 'channel'; readonly connection: number; readonly channel: number; readonly label: string; readonly init: DataChannelInit }
  | { readonly type: 'close-channel'; readonly connection: number; readonly channel: number };

/** What getters of a connection tell. */
export interface Snapshot {
  readonly signalingState: SignalingState;
  readonly iceConnectionState: IceConnectionState;
  readonly iceGatheringState: IceGatheringState;
  readonly connectionState: ConnectionState;
  readonly currentLocalDescription: SessionDescriptionInit | null;
  readonly pendingLocalDescription: SessionDescriptionInit | null;
  readonly currentRemoteDescription: SessionDescriptionInit | null;
  readonly pendingRemoteDescription: SessionDescriptionInit | null;
  readonly canTrickleIceCandidates: boolean | null;
  readonly selectedCandidatePair: SelectedCandidatePair | undefined;
}

export const FIRST_SNAPSHOT: Snapshot = Object.freeze({
  signalingState: 'stable',
  iceConnectionState: 'new',
  iceGatheringState: 'new',
  connectionState: 'new',
  currentLocalDescription: null,
  pendingLocalDescription: null,
  currentRemoteDescription: null,
  pendingRemoteDescription: null,
  canTrickleIceCandidates: null,
  selectedCandidatePair: undefined,
});

/** What can be known of a channel. */
export interface ChannelFacts {
  readonly label: string;
  readonly protocol: string;
  readonly ordered: boolean;
  readonly maxRetransmits: number | undefined;
  readonly maxPacketLifeTimeMs: number | undefined;
  readonly negotiated: boolean;
  readonly priority: number;
  readonly id: number | undefined;
  /** The largest message that the peer of the connection takes, in bytes. */
  readonly maxMessageSizeBytes: number;
}

/** Events that go to the user as they are. */
export type PlainEvent = Extract<
  PeerConnectionEvent,
  {
    readonly type:
      | 'negotiationneeded'
      | 'icecandidate'
      | 'icecandidateerror'
      | 'signalingstatechange'
      | 'iceconnectionstatechange'
      | 'icegatheringstatechange'
      | 'connectionstatechange';
  }
>;

/** From a worker. */
export type Report =
  | { readonly type: 'reply'; readonly connection: number; readonly call: number; readonly value?: unknown; readonly error?: ErrorText; readonly changes: Partial<Snapshot> }
  | { readonly type: 'event'; readonly connection: number; readonly event: PlainEvent; readonly changes: Partial<Snapshot> }
  | { readonly type: 'fault'; readonly connection: number; readonly error: ErrorText; readonly changes: Partial<Snapshot> }
  | { readonly type: 'log'; readonly connection: number; readonly level: LogLevel; readonly room: string; readonly message: string }
  | { readonly type: 'channel'; readonly connection: number; readonly channel: number; readonly facts: ChannelFacts }
  | { readonly type: 'channel-open'; readonly connection: number; readonly channel: number; readonly facts: ChannelFacts }
  | { readonly type: 'channel-closing'; readonly connection: number; readonly channel: number }
  | { readonly type: 'channel-closed'; readonly connection: number; readonly channel: number; readonly error?: ErrorText };

/** An error as it crosses between threads, which keep no classes. */
export interface ErrorText {
  readonly code: ErrorCode;
  readonly message: string;
  readonly line?: number;
}

export function toErrorText(error: unknown): ErrorText {
  if (error instanceof RtcError) return { code: error.code, message: error.message, ...(error.line !== undefined && { line: error.line }) };
  return { code: 'ERR_OPERATION', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

export function fromErrorText({ code, message, line }: ErrorText): RtcError {
  return new RtcError(code, message, line === undefined ? undefined : { line });
}
