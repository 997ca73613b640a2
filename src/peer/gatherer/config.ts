import type { AddressFamily, TransportAddress } from '../../core/index.ts';

/** A STUN server, as `parseIceServerUrl` makes it. */
export interface StunServer {
  /** As the user wrote it; names the server in events. */
  readonly url: string;
  /** A host name, or an IP address without brackets. */
  readonly hostname: string;
  readonly port: number;
}

export interface GathererConfig {
  /** Default none. At most 16 are asked. */
  readonly servers?: readonly StunServer[];
  /** How long each server may take, in milliseconds, name resolution included. Default 5000. */
  readonly deadlineMs?: number;
  /** Whether a wildcard socket yields loopback candidates beside others. Default false: only when there is nothing else. */
  readonly includeLoopback?: boolean;
}

/** An address of a network interface, as the runtime reports it. */
export interface GathererInterface {
  readonly address: string;
  readonly family: AddressFamily;
  readonly isLoopback: boolean;
  /** The largest IP packet that the link carries, in bytes, where it is known. */
  readonly mtuBytes?: number;
}

/** A socket that was bound. */
export interface GathererSocket {
  /** What it is bound to, perhaps a wildcard. */
  readonly local: TransportAddress;
}
