import { answeredCodecs, isUseful, pairCodecs, wantedCodecs } from './codecs.ts';
import type { JsepConfig } from './config.ts';
import { intersected, reversed } from './direction.ts';
import { answeredExtensions, wantedExtensions } from './extensions.ts';
import type { MediaCapabilities } from './media.ts';
import { msidsOf } from './offer-media.ts';
import { answeredReceiveRids, answeredSendRids } from './simulcast.ts';
import type { JsepState, LocalMedia, RemoteDescription, RemoteMedia } from './state.ts';
import type { Transceiver } from './transceiver.ts';

/** The sections of media that our answer accepts (RFC 9429 5.3.1). */
export function answerMedia({ media: capabilities }: JsepConfig, state: JsepState, remote: RemoteDescription): readonly LocalMedia[] {
  if (capabilities === undefined) return [];
  const accepted = remote.media.flatMap((section) => {
    const transceiver = state.transceivers.find(({ place, stopped }) => !stopped && place?.mid === section.mid);
    const own = transceiver && answered(capabilities, state, section, transceiver);
    // What has the transport is held without a transceiver too.
    return own ?? (section.mid === state.negotiated?.mid ? answered(capabilities, state, section, undefined) : undefined) ?? [];
  });
  const isForSomething = (remote.data !== undefined && remote.bundle.includes(remote.data.index)) || accepted.some(({ index, transceiver }) => transceiver !== undefined && remote.bundle.includes(index));
  return isForSomething ? accepted : accepted.filter(({ transceiver }) => transceiver !== undefined);
}

// `undefined` without a codec in common.
function answered(capabilities: MediaCapabilities, state: JsepState, section: RemoteMedia, transceiver: Transceiver | undefined): LocalMedia | undefined {
  const { index, mid, kind, extmapAllowMixed, reducedSizeRtcp, receiverRoundTrip } = section;
  const preferences = transceiver?.preferences ?? [];
  const pairs = pairCodecs(wantedCodecs(capabilities, kind, preferences), section.codecs);
  if (!isUseful(pairs)) return undefined;
  const direction = transceiver ? intersected(transceiver.direction, reversed(section.direction)) : 'inactive';
  const codecs = answeredCodecs(pairs, preferences);
  return {
    index,
    mid,
    transceiver: transceiver?.id,
    kind,
    direction,
    codecs,
    extensions: answeredExtensions(wantedExtensions(capabilities, kind, transceiver?.headerExtensions), section.extensions, state.extensionIds, extmapAllowMixed),
    extmapAllowMixed,
    reducedSizeRtcp,
    receiverRoundTrip,
    msids: transceiver ? msidsOf(transceiver, direction) : [],
    sendRids: transceiver ? answeredSendRids(transceiver, section, direction) : [],
    receiveRids: answeredReceiveRids(section, codecs, direction),
  };
}
