import { defaultInterceptors } from '../interceptor/index.ts';
import type { PeerConfig } from '../peer/index.ts';
import { type Configuration, peerConfigOf } from './configuration.ts';
import type { PeerConnectionOptions } from './connection-options.ts';
import { MediaEngine } from './media-engine.ts';

/** The configuration of connections that are given none. */
export const NO_CONFIGURATION: Configuration = Object.freeze({});

// What connections have that are given nothing else. It never changes, so they all share it.
let usualMedia: PeerConfig['media'] | undefined;
let usualInterceptors: PeerConfig['interceptors'] | undefined;
let usualConfig: PeerConfig | undefined;

/** What the peer of a connection is made with. Throws `ERR_INVALID_ARGUMENT`. */
export function configOf(configuration: Configuration, { settings, mediaEngine, interceptors }: PeerConnectionOptions): PeerConfig {
  const isUsual = configuration === NO_CONFIGURATION && settings === undefined && mediaEngine === undefined && interceptors === undefined;
  if (isUsual && usualConfig !== undefined) return usualConfig;
  const config = peerConfigOf(configuration, settings ?? {}, {
    media: mediaEngine?.capabilities() ?? (usualMedia ??= MediaEngine.default().capabilities()),
    interceptors: interceptors?.factories ?? (usualInterceptors ??= defaultInterceptors()),
  });
  if (isUsual) usualConfig = config;
  return config;
}
