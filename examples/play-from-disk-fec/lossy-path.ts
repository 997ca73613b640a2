import { type Interceptor, type InterceptorFactory, type OutgoingPacket, Slot } from 'sansrtc/interceptor';

/** Loses every so manyth packet of media on its way out, and counts the FEC that goes past. */
export class LossyPath implements Interceptor {
  readonly name = 'lossy-path';
  readonly #every: number;
  #sent = 0;
  lost = 0;
  fec = 0;

  constructor(every: number) {
    this.#every = every;
  }

  writeRtp(packet: OutgoingPacket): OutgoingPacket | undefined {
    if (packet.role === 'fec') this.fec++;
    else if (++this.#sent % this.#every === 0) {
      this.lost++;
      return undefined; // it ends here
    }
    return packet;
  }

  /** For one connection. */
  get factory(): InterceptorFactory {
    return { name: this.name, slot: Slot.dump, create: () => this };
  }
}
