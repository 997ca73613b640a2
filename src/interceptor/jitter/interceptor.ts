import { type Deadline, type Instant, Queue } from '../../core/index.ts';
import { codecRole } from '../../rtp/index.ts';
import type { InterceptorEvent } from '../events.ts';
import type { Interceptor, InterceptorContext, InterceptorFactory } from '../interceptor.ts';
import type { IncomingPacket } from '../packet.ts';
import { Slot } from '../slot.ts';
import type { RemoteStream } from '../stream.ts';
import { JitterBuffer, type JitterBufferStats } from './buffer.ts';
import { type JitterBufferConfig, type ResolvedJitterBufferConfig, resolveJitterBufferConfig } from './config.ts';

const DEFAULT_CLOCK_RATE_HZ = 90_000;

/** Puts the packets of each stream in order, and waits for late and retransmitted ones as long as these take. */
export class JitterBuffers implements Interceptor {
  readonly name: string = 'jitter-buffer';
  readonly #context: InterceptorContext;
  readonly #config: ResolvedJitterBufferConfig;
  readonly #buffers: Map<RemoteStream, JitterBuffer> = new Map();
  readonly #ready: Queue<IncomingPacket> = new Queue();
  readonly #events: Queue<InterceptorEvent> = new Queue();
  #roundTripMs = 0;

  constructor(context: InterceptorContext, config: JitterBufferConfig = {}) {
    this.#context = context;
    this.#config = resolveJitterBufferConfig(config);
  }

  /** What became of the packets of a stream; `undefined` for one that is not bound. */
  stats(stream: RemoteStream): JitterBufferStats | undefined {
    return this.#buffers.get(stream)?.stats;
  }

  bindRemote(stream: RemoteStream): void {
    const media = [...stream.codecs.values()].find((codec) => codecRole(codec) === 'media');
    const buffer = new JitterBuffer(this.#config, stream.kind, media?.clockRateHz ?? DEFAULT_CLOCK_RATE_HZ);
    if (this.#roundTripMs > 0) buffer.setRoundTrip(this.#roundTripMs);
    this.#buffers.set(stream, buffer);
  }

  unbindRemote(stream: RemoteStream): void {
    this.#buffers.get(stream)?.close();
    this.#buffers.delete(stream);
  }

  readRtp(packet: IncomingPacket, now: Instant): IncomingPacket | undefined {
    const buffer = this.#buffers.get(packet.stream);
    // Streams that repair have an order of their own.
    if (buffer === undefined || packet.header.ssrc !== packet.stream.ssrc) return packet;
    const insertion = buffer.insert(packet, now);
    if (insertion !== 'taken') {
      this.#context.counters.add(insertion === 'late' ? 'interceptor.jitter.late' : 'interceptor.jitter.duplicate');
      if (insertion === 'late') this.#events.push({ type: 'discarded', ssrc: packet.header.ssrc, packets: 1 });
      return undefined;
    }
    const first = buffer.poll();
    this.#take(buffer);
    return first;
  }

  pollReadRtp(): IncomingPacket | undefined {
    return this.#ready.shift();
  }

  handleEvent(event: InterceptorEvent): void {
    if (event.type !== 'round-trip') return;
    this.#roundTripMs = event.roundTripMs;
    for (const buffer of this.#buffers.values()) buffer.setRoundTrip(event.roundTripMs);
  }

  pollEvent(): InterceptorEvent | undefined {
    return this.#events.shift();
  }

  handleTimeout(now: Instant): void {
    for (const buffer of this.#buffers.values()) {
      buffer.release(now);
      this.#take(buffer);
    }
  }

  pollTimeout(): Deadline | undefined {
    let at = Infinity;
    for (const buffer of this.#buffers.values()) at = Math.min(at, buffer.pollTimeout());
    return at === Infinity ? undefined : { at, reason: 'jitter-buffer' };
  }

  close(): void {
    for (const buffer of this.#buffers.values()) buffer.close();
    this.#ready.clear();
  }

  #take(buffer: JitterBuffer): void {
    for (let packet = buffer.poll(); packet !== undefined; packet = buffer.poll()) this.#ready.push(packet);
  }
}

/** Order, and waiting for what is late; not among the defaults, since whoever forwards packets wants none of it. See {@link JitterBuffers}. */
export function jitterBuffer(config: JitterBufferConfig = {}): InterceptorFactory {
  resolveJitterBufferConfig(config);
  return { name: 'jitter-buffer', slot: Slot.jitter, exclusive: true, create: (context) => new JitterBuffers(context, config) };
}
