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
