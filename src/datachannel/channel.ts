import { Queue } from '../core/index.ts';
import type { ChannelCloseReason, ChannelHandle, ChannelMessage, ChannelState } from './events.ts';
import type { OpenMessage } from './packets.ts';

/** One channel. Only the machine writes its fields. */
export class Channel implements ChannelHandle {
  readonly label: string;
  readonly ordered: boolean;
  readonly maxRetransmits: number | undefined;
  readonly maxPacketLifeTimeMs: number | undefined;
  readonly protocol: string;
  readonly priority: number;
  readonly negotiated: boolean;
  id: number | undefined;
  state: ChannelState = 'connecting';
  bufferedAmount = 0;
  messagesSent = 0;
  bytesSent = 0;
  messagesReceived = 0;
  bytesReceived = 0;

  readonly unread: Queue<ChannelMessage> = new Queue();
  /** Whether it stands in the queue of channels that have something to read. */
  readable = false;
  /** Bytes of it that the association has not taken yet. */
  queuedBytes = 0;
  /** Whether the peer was told of it, or need not be: from then on its end is a reset of its stream. */
  announced = false;
  /** Until the peer acknowledged the OPEN all messages go in order, so that none overtakes it (RFC 8832 6). */
  acknowledged: boolean;
  /** Which directions of its stream were reset; both must be before the id is free (RFC 8831 6.7). */
  outgoingReset = false;
  incomingReset = false;
  /** The peer used the id again and closed that channel too, before our side of this one was closed. */
  resetAgain = false;
  closeReason: ChannelCloseReason = 'closed';

  constructor(open: OpenMessage, negotiated: boolean, acknowledged: boolean) {
    this.label = open.label;
    this.ordered = open.ordered;
    this.maxRetransmits = open.maxRetransmits;
    this.maxPacketLifeTimeMs = open.maxPacketLifeTimeMs;
    this.protocol = open.protocol;
    this.priority = open.priority;
    this.negotiated = negotiated;
    this.acknowledged = acknowledged;
  }
}
