export { type DriverHandler, type DriverOptions, PeerConnectionDriver } from './driver.ts';
