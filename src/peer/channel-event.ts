import { RtcError } from '../core/index.ts';
import type { ChannelCloseReason, DataChannelEvent } from '../datachannel/index.ts';
import type { PeerEvent } from './events.ts';

/** An event of the data channels as the peer reports it. */
export function channelEvent(event: DataChannelEvent): PeerEvent {
  const { channel } = event;
  switch (event.type) {
    case 'incoming':
      return { type: 'data-channel', channel };
    case 'open':
      return { type: 'channel-open', channel };
    case 'closing':
      return { type: 'channel-closing', channel };
    case 'buffered':
      return { type: 'channel-buffered', channel };
    case 'closed':
      return { type: 'channel-closed', channel, ...(event.reason !== 'closed' && { error: channelError(event.reason) }) };
    default:
      return event satisfies never;
  }
}

/** Why a channel is gone, in words and with the code that an application can act upon. */
function channelError(reason: Exclude<ChannelCloseReason, 'closed'>): RtcError {
  switch (reason) {
    case 'failed':
      return new RtcError('ERR_NETWORK', 'the association with the peer ended with loss');
    case 'message-too-large':
      return new RtcError('ERR_MESSAGE_TOO_LARGE', 'the peer sent a message that is larger than what was offered to accept');
    case 'protocol-violation':
      return new RtcError('ERR_NETWORK', 'the peer broke the rules of the data channel protocol');
    case 'no-stream':
      return new RtcError('ERR_RESOURCE', 'no stream is left for the channel');
    default:
      return reason satisfies never;
  }
}
