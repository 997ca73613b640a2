/** Where a datagram came from, or goes to. */
export interface DenoAddress {
  readonly transport: 'udp';
  readonly hostname: string;
  readonly port: number;
}

/** What `Deno.listenDatagram` gives. */
export interface DenoDatagramConn {
  readonly addr: DenoAddress;
  receive(buffer: Uint8Array): Promise<[Uint8Array, DenoAddress]>;
  send(bytes: Uint8Array, to: DenoAddress): Promise<number>;
  close(): void;
  unref(): void;
}

/** The part of the global `Deno` that is used here. */
export interface DenoPlatform {
  /** Only there with `--unstable-net`. */
  readonly listenDatagram?: (options: DenoAddress) => DenoDatagramConn;
}

/** The global `Deno`, where this program runs on it. */
export function denoPlatform(): DenoPlatform | undefined {
  return (globalThis as { readonly Deno?: DenoPlatform }).Deno;
}
