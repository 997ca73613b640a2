import { type Log, RtcError } from '../core/index.ts';
import type { DataChannelHandler, DataChannelMessage } from './channel-events.ts';
import { EventHub } from './events.ts';
import type { PeerConnectionEvent, PeerConnectionEventHandler } from './handler.ts';

/**
 * Tells the user what a connection reports, by the methods of the handler and by iterators. Whatever those do, the connection
 * goes on: nothing waits for a callback, and what one throws or rejects with is an event itself.
 */
export class Reporter {
  readonly #handler: PeerConnectionEventHandler;
  readonly #log: Log | undefined;
  readonly #room: string;
  /** Made with the first iterator: most connections have a handler, and none. */
  #hub: EventHub<PeerConnectionEvent> | undefined;
  #isOver = false;

  /** @param room - who logs the errors that no handler takes */
  constructor(handler: PeerConnectionEventHandler, log: Log | undefined, room: string) {
    this.#handler = handler;
    this.#log = log;
    this.#room = room;
  }

  /** What is reported from now on, until the end. */
  events(): AsyncIterableIterator<PeerConnectionEvent> {
    const events = (this.#hub ??= new EventHub()).subscribe();
    if (this.#isOver) this.#hub.end();
    return events;
  }

  end(): void {
    this.#isOver = true;
    this.#hub?.end();
  }

  report(event: PeerConnectionEvent): void {
    this.#hub?.emit(event);
    try {
      const result = this.#tell(event);
      if (result !== undefined) this.#watch(result);
    } catch (error) {
      this.callbackThrew(error);
    }
  }

  /** Runs a callback of the user. */
  call(callback: () => void | Promise<void>): void {
    try {
      const result = callback();
      if (result !== undefined) this.#watch(result);
    } catch (error) {
      this.callbackThrew(error);
    }
  }

  /** {@link Reporter.call} for the callback that runs for every message, without a closure. */
  deliver(handler: DataChannelHandler, data: DataChannelMessage): void {
    try {
      const result = handler.onMessage?.(data);
      if (result !== undefined) this.#watch(result);
    } catch (error) {
      this.callbackThrew(error);
    }
  }

  /** A callback of the user threw. */
  callbackThrew(error: unknown): void {
    this.#onError(new RtcError('ERR_OPERATION', 'a callback threw', { cause: error }), error);
  }

  /** A callback may return anything. */
  #watch(result: unknown): void {
    if (result instanceof Promise) result.catch((error: unknown) => this.callbackThrew(error));
  }

  /** The connection itself met an error. */
  fault(error: unknown): void {
    this.#onError(error instanceof RtcError ? error : new RtcError('ERR_OPERATION', 'a fault in the connection', { cause: error }), error);
  }

  #onError(error: RtcError, cause: unknown): void {
    this.#hub?.emit({ type: 'error', error });
    try {
      if (this.#handler.onError) this.#handler.onError(cause);
      else this.#log?.('error', this.#room, `${error.message}${error === cause ? '' : `: ${String(cause)}`}`);
    } catch {
      // An error handler that throws has nobody left to tell.
    }
  }

  #tell(event: PeerConnectionEvent): void | Promise<void> {
    const handler = this.#handler;
    switch (event.type) {
      case 'negotiationneeded':
        return handler.onNegotiationNeeded?.();
      case 'icecandidate':
        return handler.onIceCandidate?.(event.candidate);
      case 'icecandidateerror':
        return handler.onIceCandidateError?.(event.error);
      case 'signalingstatechange':
        return handler.onSignalingStateChange?.(event.state);
      case 'iceconnectionstatechange':
        return handler.onIceConnectionStateChange?.(event.state);
      case 'icegatheringstatechange':
        return handler.onIceGatheringStateChange?.(event.state);
      case 'connectionstatechange':
        return handler.onConnectionStateChange?.(event.state);
      case 'datachannel':
        return handler.onDataChannel?.(event.channel);
      case 'track': {
        const { type: _, ...track } = event;
        return handler.onTrack?.(track);
      }
      case 'targetbitrate':
        return handler.onTargetBitrate?.(event.targetBps);
      case 'error':
        return handler.onError?.(event.error);
      default:
        event satisfies never;
    }
  }
}
