import { RtcError } from '../core/index.ts';
import type { IceGatheringState } from '../peer/index.ts';
import type { PeerConnectionEvent } from './handler.ts';

/** Waits until a connection has gathered all its candidates. Rejects with `ERR_CLOSED` when it is closed before. */
export async function gathered(connection: { readonly iceGatheringState: IceGatheringState; events(): AsyncIterable<PeerConnectionEvent> }): Promise<void> {
  if (connection.iceGatheringState === 'complete') return;
  for await (const event of connection.events()) if (event.type === 'icegatheringstatechange' && event.state === 'complete') return;
  throw new RtcError('ERR_CLOSED', 'the connection was closed before it had its candidates');
}
