export { defaultRuntime } from './default.ts';
export type {
  InterfaceAddress,
  Runtime,
  SocketError,
  SocketErrorKind,
  TimerHandle,
  UdpBindOptions,
  UdpHandler,
  UdpSocket,
} from './runtime.ts';
