import { createPeerConnection, type PeerConnection, type PeerConnectionOptions } from 'sansrtc';

/** Two connections of this process that know each other; they still have to find their way, and the channels to open. */
export async function createPair(a: PeerConnectionOptions = {}, b: PeerConnectionOptions = {}, open?: (pc: PeerConnection) => void): Promise<readonly [PeerConnection, PeerConnection]> {
  const left = await createPeerConnection({ ...a, handler: { ...a.handler, onIceCandidate: (candidate) => right.addIceCandidate(candidate) } });
  const right = await createPeerConnection({ ...b, handler: { ...b.handler, onIceCandidate: (candidate) => left.addIceCandidate(candidate) } });
  if (open) open(left);
  else left.createDataChannel('');
  await negotiate(left, right);
  return [left, right];
}

/** One round of offer and answer. */
export async function negotiate(offerer: PeerConnection, answerer: PeerConnection): Promise<void> {
  await offerer.setLocalDescription();
  await answerer.setRemoteDescription(offerer.localDescription!);
  await answerer.setLocalDescription();
  await offerer.setRemoteDescription(answerer.localDescription!);
}
