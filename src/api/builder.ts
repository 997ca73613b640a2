import type { InterceptorRegistry } from '../interceptor/index.ts';
import { defaultRuntime } from '../runtime/index.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Configuration, Settings } from './configuration.ts';
import type { PeerConnectionEventHandler } from './handler.ts';
import type { MediaEngine } from './media-engine.ts';
import type { PeerConnectionOptions } from './connection-options.ts';
import { PeerConnection } from './peer-connection.ts';

/**
 * Makes a {@link PeerConnection}. Rejects with `ERR_INVALID_ARGUMENT` for bad options and `ERR_NETWORK` when an address
 * cannot be bound.
 *
 * @example
 * const pc = await createPeerConnection({ handler: { onDataChannel: (channel) => echo(channel) } });
 */
export function createPeerConnection(options: PeerConnectionOptions = {}): Promise<PeerConnection> {
  return PeerConnection.open(options, options.runtime ?? defaultRuntime());
}

/**
 * Makes connections step by step; {@link createPeerConnection} is its short form. A builder can build any number of them.
 *
 * @example
 * const pc = await new PeerConnectionBuilder().withUdpAddrs(['0.0.0.0:0']).withHandler({ onDataChannel }).build();
 */
export class PeerConnectionBuilder {
  #options: PeerConnectionOptions = {};

  /** ICE servers, policies and certificates, as in the W3C `RTCConfiguration`. */
  withConfiguration(configuration: Configuration): this {
    this.#options = { ...this.#options, configuration };
    return this;
  }

  /** Limits, timeouts, cryptography and logs. */
  withSettings(settings: Settings): this {
    this.#options = { ...this.#options, settings };
    return this;
  }

  /** Takes what the connection reports. */
  withHandler(handler: PeerConnectionEventHandler): this {
    this.#options = { ...this.#options, handler };
    return this;
  }

  /** Local addresses to bind, as in `['0.0.0.0:0']`. */
  withUdpAddrs(udpAddrs: readonly string[]): this {
    this.#options = { ...this.#options, udpAddrs };
    return this;
  }

  /** Event loop and operating system; the default is the one this program runs on. */
  withRuntime(runtime: Runtime): this {
    this.#options = { ...this.#options, runtime };
    return this;
  }

  /** Codecs and header extensions to negotiate. */
  withMediaEngine(mediaEngine: MediaEngine): this {
    this.#options = { ...this.#options, mediaEngine };
    return this;
  }

  /** What every packet of media passes. */
  withInterceptors(interceptors: InterceptorRegistry): this {
    this.#options = { ...this.#options, interceptors };
    return this;
  }

  /** Opens the sockets and makes the connection. */
  build(): Promise<PeerConnection> {
    return createPeerConnection(this.#options);
  }
}
