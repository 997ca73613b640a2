import type { PeerConnection } from '../../src/api/index.ts';
import type { World } from '../../src/sim/index.ts';

/** Offer and answer with all candidates in them, in virtual time. Signalling takes none: what a session must survive is the path. */
export async function negotiateIn(world: Pick<World, 'until' | 'run'>, offerer: PeerConnection, answerer: PeerConnection): Promise<void> {
  await world.until(offerer.setLocalDescription());
  await world.run(() => offerer.iceGatheringState === 'complete');
  await world.until(answerer.setRemoteDescription(offerer.localDescription!));
  await world.until(answerer.setLocalDescription());
  await world.run(() => answerer.iceGatheringState === 'complete');
  await world.until(offerer.setRemoteDescription(answerer.localDescription!));
}
