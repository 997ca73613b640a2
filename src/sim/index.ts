export type { LinkOptions, LinkStats, NatOptions, TraceEntry, Until, VirtualAddressOptions } from '../runtime/virtual/index.ts';
export { NAT } from '../runtime/virtual/index.ts';
export { type Drivable, Pair, PairEnd, type PairOptions } from './pair.ts';
export { BYTES_WIRE, DATAGRAM_WIRE, type Wire } from './wire.ts';
export { RenoFlow, type RenoOptions, startReno } from './reno.ts';
export { createWorld, type Host, type HostOptions, type Nat, type Router, World, type WorldOptions } from './world.ts';
