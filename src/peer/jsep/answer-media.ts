import { answeredCodecs, isUseful, pairCodecs, wantedCodecs } from './codecs.ts';
import type { JsepConfig } from './config.ts';
import { intersected, reversed } from './direction.ts';
import { answeredExtensions, wantedExtensions } from './extensions.ts';
import { msidsOf } from './offer-media.ts';
import { answeredReceiveRids, answeredSendRids } from './simulcast.ts';
import type { JsepState, LocalMedia, RemoteDescription } from './state.ts';

/** The sections of media that our answer accepts (RFC 9429 5.3.1). */
export function answerMedia(config: JsepConfig, state: JsepState, remote: RemoteDescription): readonly LocalMedia[] {
  const capabilities = config.media;
  if (capabilities === undefined) return [];
  const accepted: LocalMedia[] = [];
  for (const section of remote.media) {
    const transceiver = state.transceivers.find(({ place, stopped }) => !stopped && place?.mid === section.mid);
    if (transceiver === undefined) continue;
    const pairs = pairCodecs(wantedCodecs(capabilities, section.kind, transceiver.preferences), section.codecs);
    if (!isUseful(pairs)) continue;
    const direction = intersected(transceiver.direction, reversed(section.direction));
    const codecs = answeredCodecs(pairs, transceiver.preferences);
    accepted.push({
      index: section.index,
      mid: section.mid,
      transceiver: transceiver.id,
      kind: section.kind,
      direction,
      codecs,
      extensions: answeredExtensions(wantedExtensions(capabilities, section.kind, transceiver.headerExtensions), section.extensions, state.extensionIds, section.extmapAllowMixed),
      extmapAllowMixed: section.extmapAllowMixed,
      reducedSizeRtcp: section.reducedSizeRtcp,
      receiverRoundTrip: section.receiverRoundTrip,
      msids: msidsOf(transceiver, direction),
      sendRids: answeredSendRids(transceiver, section, direction),
      receiveRids: answeredReceiveRids(section, codecs, direction),
    });
  }
  return accepted;
}
