export type { WorkerSetup } from './host.ts';
export { ConnectionPool, type ConnectionPoolOptions, createConnectionPool } from './pool.ts';
export { PooledPeerConnection, type PooledPeerConnectionOptions } from './pooled-connection.ts';
