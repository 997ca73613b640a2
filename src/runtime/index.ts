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
export {
  DEFAULT_CONNECT_TIMEOUT_MS,
  DEFAULT_MAX_CONNECTIONS,
  TCP_HIGH_WATER_BYTES,
  type TcpConnectOptions,
  type TcpHandler,
  type TcpListener,
  type TcpListenOptions,
  type TcpSocket,
  type TlsOptions,
} from './tcp.ts';
