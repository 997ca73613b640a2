export { type DataChannelsConfig } from './config.ts';
export { Ppid } from './constants.ts';
export type {
  ChannelCloseReason,
  ChannelHandle,
  ChannelMessage,
  ChannelSend,
  ChannelState,
  DataChannelEvent,
  DataChannelInit,
  SctpCommand,
} from './events.ts';
export { DataChannels } from './machine.ts';
export { decodeDcep, type DcepMessage, encodeAck, encodeOpen, type OpenMessage } from './packets.ts';
