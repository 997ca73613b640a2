import { type Deadline, type Environment, type Instant, SharedSettings } from '../core/index.ts';
import { type ChannelHandle, type ChannelMessage, type ChannelSend, DataChannels, type DataChannelEvent, type DataChannelInit } from '../datachannel/index.ts';
import { DtlsMachine } from '../dtls/index.ts';
import { type PacketMemory, SctpAssociation, type SctpConfig, type SctpEvent, type SctpPath, type SignalledInits } from '../sctp/index.ts';
import { DEFAULT_MAX_MESSAGE_SIZE_BYTES, DEFAULT_MTU_BYTES, DEFAULT_RECEIVE_WINDOW_BYTES, type PeerConfig } from './config.ts';
import { Departure } from './departure.ts';
import { DTLS_OVERHEAD_BYTES } from './path.ts';

/** What the two descriptions together say of SCTP (RFC 8841). */
export interface SctpParameters {
  readonly localPort: number;
  readonly remotePort: number;
  /** In bytes; 0 means any size. */
  readonly remoteMaxMessageSizeBytes: number;
  /** INIT chunks that the descriptions bear (draft-hancke-tsvwg-snap). */
  readonly inits: SignalledInits | undefined;
}

/**
 * Whether the peer is alive is for ICE to say (RFC 7675), so SCTP never gives up by itself, and after an outage it must not
 * sleep for the minute that RFC 9260 16 allows.
 */
const RTO_MAX_MS = 3000;

/** What the peer can be sent while it has not said otherwise, in bytes (RFC 8841 6.1). */
const UNKNOWN_MAX_MESSAGE_SIZE_BYTES = 65_536;

/** DTLS protects the packets (RFC 9653). */
const ZERO_CHECKSUM = true;

/** What the INIT chunk of an association of a peer says, which may stand in its description (draft-hancke-tsvwg-snap). */
export function sctpInitConfig({ receiveWindowBytes = DEFAULT_RECEIVE_WINDOW_BYTES }: PeerConfig): SctpConfig {
  return initConfigs.share({ receiveWindowBytes, zeroChecksum: ZERO_CHECKSUM });
}

const initConfigs: SharedSettings<SctpConfig> = new SharedSettings();

/** The data channels of a peer and the SCTP association that carries them: SCTP packets on one side, messages on the other. */
export class DataTransport {
  readonly #config: PeerConfig;
  #packetMemory: PacketMemory | undefined;
  readonly #environment: Environment;
  readonly #channels: DataChannels;
  #sctp: SctpAssociation | undefined;
  #hasRead = false;
  #parameters: SctpParameters | undefined;
  #sharesDatagrams = false;
  #dtlsRole: 'client' | 'server' = 'client';
  #path: SctpPath | undefined;
  /** Since the peer may leave the association, or has left DTLS under it. */
  #departure: Departure | undefined;
  /** Whether the peer has agreed to the association, and it has not ended. */
  #takesMessages = false;

  constructor(config: PeerConfig, environment: Environment, packetMemory?: PacketMemory) {
    this.#config = config;
    this.#packetMemory = packetMemory;
    this.#environment = environment;
    this.#channels = new DataChannels({}, environment);
  }

  get channels(): DataChannels {
    return this.#channels;
  }

  get association(): SctpAssociation | undefined {
    return this.#sctp;
  }

  /**
   * Whether records of data may share a datagram with others (RFC 6347 4.1.1). Not every stack reads more than one record of data from a
   * datagram; those that began the association by their descriptions do.
   */
  get sharesDatagrams(): boolean {
    return this.#sharesDatagrams;
  }

  /** The largest message the peer accepts, in bytes. */
  get maxMessageSizeBytes(): number {
    const limit = this.#parameters?.remoteMaxMessageSizeBytes ?? UNKNOWN_MAX_MESSAGE_SIZE_BYTES;
    return limit === 0 ? Number.MAX_SAFE_INTEGER : limit;
  }

  /** Where associations that are started from now on build their packets. */
  usePacketMemory(memory: PacketMemory): void {
    this.#packetMemory = memory;
  }

  setParameters(parameters: SctpParameters): void {
    this.#parameters = parameters;
    this.#sharesDatagrams = parameters.inits?.remote !== undefined;
    this.#channels.setRemoteMaxMessageSize(parameters.remoteMaxMessageSizeBytes);
  }

  /** Starts the association, over DTLS that is up. */
  start(dtlsRole: 'client' | 'server', now: Instant): void {
    if (this.#sctp !== undefined || this.#parameters === undefined) return;
    this.#dtlsRole = dtlsRole;
    const { localPort, remotePort, remoteMaxMessageSizeBytes, inits } = this.#parameters;
    const mtuBytes = Math.min(this.#config.mtuBytes ?? DEFAULT_MTU_BYTES, this.#config.maxMtuBytes ?? Infinity) - DTLS_OVERHEAD_BYTES;
    this.#sctp = new SctpAssociation(
      {
        localPort,
        remotePort,
        maxMessageSizeBytes: this.#config.maxMessageSizeBytes ?? DEFAULT_MAX_MESSAGE_SIZE_BYTES,
        remoteMaxMessageSizeBytes,
        receiveWindowBytes: this.#config.receiveWindowBytes ?? DEFAULT_RECEIVE_WINDOW_BYTES,
        zeroChecksum: ZERO_CHECKSUM,
        mtuBytes: mtuBytes - (mtuBytes % 4),
        mtuSearch: 'when-needed',
        headroomBytes: DtlsMachine.HEADROOM,
        tailroomBytes: DtlsMachine.TAILROOM,
        packetMemory: this.#packetMemory,
        windowRelease: 'explicit',
        maxRetransmits: Number.MAX_SAFE_INTEGER,
        maxInitRetransmits: Number.MAX_SAFE_INTEGER,
        rtoMaxMs: RTO_MAX_MS,
      },
      this.#environment,
      inits,
    );
    this.#channels.setRole(dtlsRole, now);
    if (this.#path !== undefined) this.#sctp.setPath(this.#path, now);
    this.#sctp.connect(now);
    this.#parameters = { localPort, remotePort, remoteMaxMessageSizeBytes, inits: undefined }; // they were for this association
    this.#pump(now);
  }

  /** Data goes another way from now on: what it carries is to be found out, unless that is configured. */
  setPath(path: SctpPath, now: Instant): void {
    this.#sctp?.pathChanged();
    if (this.#config.mtuBytes !== undefined) return;
    this.#path = path;
    this.#sctp?.setPath(path, now);
  }

  /** Whether packets were read since all was polled that is to be sent. */
  get hasRead(): boolean {
    return this.#hasRead;
  }

  /** Whether what came should be acknowledged before more is read. */
  get isAnswerUrgent(): boolean {
    return this.#sctp?.isSackUrgent === true;
  }

  /** The system refused a datagram for its size. */
  datagramTooLarge(sizeBytes: number, now: Instant): void {
    this.#sctp?.packetTooLarge(sizeBytes - DTLS_OVERHEAD_BYTES, now);
  }

  open(init: DataChannelInit, now: Instant): ChannelHandle {
    const handle = this.#channels.open(init, now);
    this.#pump(now);
    return handle;
  }

  closeChannel(channel: ChannelHandle, now: Instant): void {
    this.#channels.closeChannel(channel, now);
    this.#pump(now);
  }

  /** Whether DTLS may end and be followed by another association of it. If the peer went and came to nothing, what it said holds. */
  setMayMove(mayMove: boolean, now: Instant): void {
    if (!mayMove && this.#departure === undefined) return; // the usual case
    const abort = (this.#departure ??= new Departure()).setMayMove(mayMove);
    if (abort !== undefined) this.handleRead(abort, now);
  }

  /** DTLS has another association: the peer goes on with that of SCTP, or begins one as well. */
  moved(now: Instant): void {
    if ((this.#departure ??= new Departure()).moved()) this.#replace(now);
  }

  /** A new association for the channels that there are. */
  #replace(now: Instant): void {
    const left = this.#sctp as SctpAssociation;
    this.#sctp = undefined;
    this.#takesMessages = false;
    this.#channels.associationReplaced();
    this.#sharesDatagrams = false;
    if (this.#parameters !== undefined) this.#parameters = { ...this.#parameters, inits: undefined }; // those in the descriptions began the one that is left
    this.start(this.#dtlsRole, now);
    (this.#sctp as SctpAssociation | undefined)?.takeOver(left, now);
  }

  /** A decrypted SCTP packet. */
  handleRead(packet: Uint8Array, now: Instant): void {
    if (this.#sctp === undefined) return;
    if (this.#departure?.isPossible === true) {
      switch (this.#departure.judge(packet)) {
        case 'leaves':
          return;
        case 'begins':
          this.#replace(now);
          break;
        case 'stays':
      }
    }
    this.#hasRead = true;
    this.#sctp.handleRead(packet, now);
    this.#pump(now);
  }

  handleWrite(message: ChannelSend, now: Instant): void {
    this.#channels.handleWrite(message, now);
    this.#now = now;
    if (this.#takesMessages && this.#sctp !== undefined) this.#pumpWrites(this.#sctp, now);
  }

  /** The next message of one channel. Reading it opens the peer's window. */
  pollReadChannel(channel: ChannelHandle): ChannelMessage | undefined {
    const message = this.#channels.pollReadChannel(channel);
    if (message !== undefined) this.#pumpCommands(this.#now);
    return message;
  }

  pollEvent(): DataChannelEvent | undefined {
    this.#pumpEvents(this.#now); // what was packed has left the send buffer
    return this.#channels.pollEvent();
  }

  /** The next SCTP packet, with room around it for the DTLS record. */
  pollWrite(): Uint8Array | undefined {
    const packet = this.#sctp?.pollWrite();
    if (packet === undefined) this.#hasRead = false;
    return packet;
  }

  /** Returns whether a timer was due. */
  handleTimeout(now: Instant): boolean {
    this.#now = now;
    if (this.#sctp?.handleTimeout(now) !== true) return false;
    this.#pumpEvents(now);
    return true;
  }

  pollTimeout(): Deadline | undefined {
    return this.#sctp?.pollTimeout();
  }

  /** The layer below is gone: all channels close (RFC 8831 6.7 in its abrupt form). */
  fail(now: Instant): void {
    this.#sctp?.abort(now);
    this.#pump(now);
    this.#channels.handleEvent({ type: 'failed', reason: 'aborted' }, now);
  }

  /** Ends the association so that the peer hears of it. */
  close(now: Instant): void {
    this.#sctp?.abort(now);
    this.#channels.close(now);
  }

  #now: Instant = 0;

  /** Carries everything between the two layers until both are quiet. */
  #pump(now: Instant): void {
    this.#now = now;
    const sctp = this.#sctp;
    if (sctp === undefined) return;
    for (let message = sctp.pollRead(); message !== undefined; message = sctp.pollRead()) this.#channels.handleRead(message, now);
    this.#pumpEvents(now);
    if (!this.#takesMessages) return;
    this.#pumpWrites(sctp, now);
    this.#pumpCommands(now);
  }

  #pumpWrites(sctp: SctpAssociation, now: Instant): void {
    for (let message = this.#channels.pollWrite(); message !== undefined; message = this.#channels.pollWrite()) sctp.handleWrite(message, now);
  }

  #pumpEvents(now: Instant): void {
    const sctp = this.#sctp;
    if (sctp === undefined) return;
    for (let event = sctp.pollEvent(); event !== undefined; event = sctp.pollEvent()) this.#onSctpEvent(event, now);
  }

  #pumpCommands(now: Instant): void {
    const sctp = this.#sctp;
    if (sctp === undefined) return;
    for (let command = this.#channels.pollCommand(); command !== undefined; command = this.#channels.pollCommand()) {
      if (command.type === 'reset') sctp.resetStreams(command.streamIds, now);
      else sctp.release(command.bytes);
    }
  }

  #onSctpEvent(event: SctpEvent, now: Instant): void {
    if (event.type === 'agreed' || event.type === 'connected') this.#takesMessages = true;
    else if (event.type === 'closed' || event.type === 'failed') this.#takesMessages = false;
    this.#channels.handleEvent(event, now);
  }
}
