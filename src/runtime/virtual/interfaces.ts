import { canonicalAddress, familyOf, RtcError, scopeOf } from '../../core/index.ts';
import type { InterfaceAddress } from '../runtime.ts';
import type { VirtualNetwork } from './network.ts';

/** An address that a host has on a network. */
export interface VirtualInterface extends InterfaceAddress {
  readonly network: VirtualNetwork;
}

/** What can be said about an address of a host. */
export interface VirtualAddressOptions {
  readonly address: string;
  /** Where it can be reached. Default: the world's `internet`. */
  readonly network?: VirtualNetwork;
  /** The interface's name. Default `eth0`, `eth1` …, one for each address. */
  readonly name?: string;
  /** Default 24 for IPv4 and 64 for IPv6. */
  readonly prefixLength?: number;
  /** What the interface says of itself; links have their own MTU. Default 1500. */
  readonly mtuBytes?: number;
}

const DEFAULT_MTU_BYTES = 1500;
const LOOPBACK_MTU_BYTES = 65_536;

/** An interface of a host. Throws `ERR_INVALID_ARGUMENT` for what is not an address, or a loopback one. */
export function makeInterface(options: VirtualAddressOptions, network: VirtualNetwork, index: number): VirtualInterface {
  const address = canonicalAddress(options.address);
  if (address === undefined || scopeOf(address) === 'loopback') {
    throw new RtcError('ERR_INVALID_ARGUMENT', `${options.address} is not an address that a virtual host can have`);
  }
  const family = familyOf(address);
  const { name = `eth${index}`, prefixLength = family === 6 ? 64 : 24, mtuBytes = DEFAULT_MTU_BYTES } = options;
  return Object.freeze({ name, address, family, prefixLength, isLoopback: false, mtuBytes, network });
}

/** The loopback addresses that every host has, on a network of its own. */
export function loopbackInterfaces(network: VirtualNetwork): readonly VirtualInterface[] {
  const common = { name: 'lo', isLoopback: true, mtuBytes: LOOPBACK_MTU_BYTES, network };
  return [
    Object.freeze({ ...common, address: '127.0.0.1', family: 4, prefixLength: 8 }),
    Object.freeze({ ...common, address: '::1', family: 6, prefixLength: 128 }),
  ];
}
