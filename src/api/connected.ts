import { RtcError } from '../core/index.ts';
import type { ConnectionState } from '../peer/index.ts';
import type { PeerConnectionEvent } from './handler.ts';

/** Waits until a connection is up. Rejects with `ERR_NETWORK` when it has failed, with `ERR_CLOSED` when it is closed before. */
export async function connected(connection: { readonly connectionState: ConnectionState; events(): AsyncIterable<PeerConnectionEvent> }): Promise<void> {
  if (connection.connectionState === 'connected') return;
  if (connection.connectionState === 'failed') throw failed();
  for await (const event of connection.events()) {
    if (event.type !== 'connectionstatechange') continue;
    if (event.state === 'connected') return;
    if (event.state === 'failed') throw failed();
  }
  throw new RtcError('ERR_CLOSED', 'the connection was closed before it was up');
}

const failed = (): RtcError => new RtcError('ERR_NETWORK', 'the connection has failed');
