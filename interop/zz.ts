import { createPeerConnection } from 'sansrtc';
import { withCall } from './media/call.ts';
await withCall({ peer: 'chromium', args: ['--send','--sendonly'], weOffer: false, kinds: ['video'], prepare(){}, onTrack({track}){ track.handler={onRtp(){}}; } }, async ({pc, peer, rtcp}) => {
  console.log(pc.localDescription?.sdp.split('\r\n').filter(l=>/extmap|rtcp-fb:96|^m=/.test(l)).join('\n'));
  console.log(pc.remoteDescription?.sdp.split('\r\n').filter(l=>/extmap|rtcp-fb:96|^m=/.test(l)).join('\n'));
});
process.exit(0);
