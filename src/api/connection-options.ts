import type { InterceptorRegistry } from '../interceptor/index.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Configuration, Settings } from './configuration.ts';
import type { PeerConnectionEventHandler } from './handler.ts';
import type { MediaEngine } from './media-engine.ts';

/** Everything a connection is made of; all of it has defaults. */
export interface PeerConnectionOptions {
  /** ICE servers, policies and certificates, as in W3C `RTCConfiguration`. Default: no servers, all candidates. */
  readonly configuration?: Configuration | undefined;
  /** Limits, timeouts, cryptography and logs. */
  readonly settings?: Settings | undefined;
  /** Takes what the connection reports. Default: nobody, but for {@link PeerConnection.events}. */
  readonly handler?: PeerConnectionEventHandler | undefined;
  /**
   * Local addresses to bind, as in `['0.0.0.0:0', '[::]:0']`; a wildcard gives one candidate per interface. By default one
   * socket per usable interface address. Where the peer does not bundle everything (RFC 9143), each further transport has sockets at the same
   * addresses, with ports of the system's choice.
   */
  readonly udpAddrs?: readonly string[] | undefined;
  /** Event loop and operating system. Default: the platform that the program runs on. */
  readonly runtime?: Runtime | undefined;
  /** What can be negotiated of media. Default: {@link MediaEngine.default}. */
  readonly mediaEngine?: MediaEngine | undefined;
  /** What every packet of media passes. Default: {@link defaultInterceptors}. */
  readonly interceptors?: InterceptorRegistry | undefined;
}
