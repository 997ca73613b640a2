import { PacketMemory } from '../peer/index.ts';

/**
 * Where the peers of this thread build their packets when their sockets send at once (see `UdpSocket.sendsAtOnce`). Drivers poll and send one
 * packet after the other, and say after each flush what became of them, so one memory is enough for all.
 */
export const packetMemory: PacketMemory = new PacketMemory();
