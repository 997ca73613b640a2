import { SharedSettings } from '../core/index.ts';

/** Settings of the channels of one association. Every field has a default. */
export interface DataChannelsConfig {
  /** Channels at a time, ours and the peer's. Default 1024. */
  readonly maxChannels?: number;
  /** The largest message that may be sent, in bytes; 0 means no limit. Default 65,536 (RFC 8841 6.1). */
  readonly remoteMaxMessageSizeBytes?: number;
  /** What may wait to be sent on all channels, in bytes; beyond it `handleWrite` throws `ERR_RESOURCE`. Default 16 MiB. */
  readonly sendBufferBytes?: number;
}

export interface ResolvedDataChannelsConfig {
  readonly maxChannels: number;
  readonly remoteMaxMessageSizeBytes: number;
  readonly sendBufferBytes: number;
}

export function resolveDataChannelsConfig(config: DataChannelsConfig): ResolvedDataChannelsConfig {
  return shared.share({
    maxChannels: config.maxChannels ?? 1024,
    remoteMaxMessageSizeBytes: config.remoteMaxMessageSizeBytes ?? 65_536,
    sendBufferBytes: config.sendBufferBytes ?? 16 * 1024 * 1024,
  });
}

const shared: SharedSettings<ResolvedDataChannelsConfig> = new SharedSettings();
