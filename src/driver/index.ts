export { type DriverHandler, type DriverOptions, PeerConnectionDriver } from './driver.ts';
export { packetMemory } from './packet-memory.ts';
