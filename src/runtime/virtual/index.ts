import type { Instant } from '../../core/index.ts';
import type { InterfaceAddress, Runtime, TimerHandle, UdpBindOptions, UdpSocket } from '../runtime.ts';
import type { TcpConnectOptions, TcpListener, TcpListenOptions, TcpSocket } from '../tcp.ts';
import type { VirtualHost } from './host.ts';
import { resolve } from './names.ts';
import { afterReads, setTimer } from './timers.ts';
import { bindUdp } from './udp.ts';

export { type Scheduled, VirtualClock } from './clock.ts';
export { VirtualHost, type VirtualHostOptions } from './host.ts';
export type { VirtualAddressOptions } from './interfaces.ts';
export { Link, type LinkFate, type LinkOptions, type LinkStats } from './link.ts';
export { NAT, type NatDependence, type NatOptions, VirtualNat } from './nat.ts';
export { Links, type NetworkNode, type Packet, VirtualNetwork } from './network.ts';
export { VirtualRouter } from './router.ts';
export { Chances } from './seed.ts';
export { type TcpHost, TcpPorts } from './tcp-ports.ts';
export { VirtualTcpSocket } from './tcp.ts';
export { Trace, type TraceEntry } from './trace.ts';
export { VirtualUdpSocket } from './udp.ts';
export { createVirtualWorld, type Until, VirtualWorld, type VirtualWorldOptions } from './world.ts';

/** The runtime of a host of a virtual world. */
export function virtualRuntime(host: VirtualHost): Runtime {
  const { world } = host;
  const { clock } = world;
  return Object.freeze({
    name: `virtual ${host.name}`,
    now: (): Instant => clock.now,
    unixNow: (): number => world.unixOffsetMs + clock.now,
    random: host.chances.fill,
    crypto: world.crypto,
    setTimer: (delayMs: number, callback: () => void): TimerHandle => setTimer(clock, delayMs, callback),
    afterReads: (callback: () => void): void => afterReads(clock, callback),
    bindUdp: (options: UdpBindOptions): Promise<UdpSocket> => bindUdp(host, options),
    connectTcp: (options: TcpConnectOptions): Promise<TcpSocket> => host.tcp.connect(options),
    listenTcp: (options: TcpListenOptions): Promise<TcpListener> => host.tcp.listen(options),
    resolve: (hostname: string): Promise<readonly string[]> => resolve(world, hostname),
    interfaces: (): readonly InterfaceAddress[] => host.interfaces,
  });
}
