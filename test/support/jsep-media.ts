import { readdirSync, readFileSync } from 'node:fs';
import { ExtensionUri, type RtpCodec } from '../../src/rtp/index.ts';
import { type Description, Jsep, type JsepConfig, type JsepEffect, type MediaAgreement, type MediaCapabilities } from '../../src/peer/jsep/index.ts';
import { seededRandom } from './fuzz.ts';
import { makeJsep, negotiate, only } from './jsep.ts';

const VIDEO_FEEDBACK = ['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli'];

function parametersOf(text: string): ReadonlyMap<string, string> {
  const parts = text === '' ? [] : text.split(';').map((part) => part.split('=') as [string, string?]);
  return new Map(parts.map(([name, value = '']) => [name, value]));
}

/** A codec of sound. */
export function audio(payloadType: number, name: string, clockRateHz: number, channels = 1, parameters = '', feedback: readonly string[] = []): RtpCodec {
  return { kind: 'audio', payloadType, name, clockRateHz, channels, parameters: parametersOf(parameters), feedback };
}

/** A codec of pictures; with its retransmissions, when they have a payload type. */
export function video(payloadType: number, name: string, parameters = '', rtx?: number): readonly RtpCodec[] {
  const isRepair = name === 'ulpfec' || name === 'flexfec-03' || name === 'red';
  const codec: RtpCodec = { kind: 'video', payloadType, name, clockRateHz: 90_000, parameters: parametersOf(parameters), feedback: isRepair ? [] : VIDEO_FEEDBACK };
  if (rtx === undefined) return [codec];
  return [codec, { kind: 'video', payloadType: rtx, name: 'rtx', clockRateHz: 90_000, parameters: new Map([['apt', String(payloadType)]]), feedback: [] }];
}

const AUDIO_EXTENSIONS = [ExtensionUri.mid, ExtensionUri.audioLevel, ExtensionUri.absoluteSendTime, ExtensionUri.transportSequence] as const;
const VIDEO_EXTENSIONS = [
  ExtensionUri.mid,
  ExtensionUri.rid,
  ExtensionUri.repairedRid,
  ExtensionUri.absoluteSendTime,
  ExtensionUri.transportSequence,
  ExtensionUri.videoOrientation,
  ExtensionUri.playoutDelay,
] as const;

/** Codecs and header extensions such as a server has. */
export const MEDIA: MediaCapabilities = {
  codecs: [
    audio(111, 'opus', 48_000, 2, 'minptime=10;useinbandfec=1', ['transport-cc']),
    audio(63, 'red', 48_000, 2, '111/111'),
    audio(9, 'G722', 8000),
    audio(0, 'PCMU', 8000),
    audio(8, 'PCMA', 8000),
    audio(13, 'CN', 8000),
    audio(110, 'telephone-event', 48_000, 1, '0-15'),
    audio(126, 'telephone-event', 8000, 1, '0-15'),
    ...video(96, 'VP8', '', 97),
    ...video(98, 'VP9', 'profile-id=0', 99),
    ...video(102, 'H264', 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f', 103),
    ...video(45, 'AV1', 'level-idx=5;profile=0;tier=0', 46),
    ...video(104, 'H265', 'level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST', 105),
    ...video(112, 'red', '', 113),
    ...video(114, 'ulpfec'),
    ...video(115, 'flexfec-03', 'repair-window=10000000'),
  ],
  headerExtensions: [...AUDIO_EXTENSIONS.map((uri) => ({ uri, kind: 'audio' as const })), ...VIDEO_EXTENSIONS.map((uri) => ({ uri, kind: 'video' as const }))],
};

/** The same without FlexFEC, which no browser has by default; the recorded answers are to offers of these. */
export const BROWSER_MEDIA: MediaCapabilities = { ...MEDIA, codecs: MEDIA.codecs.filter(({ name }) => name !== 'flexfec-03') };

/** Answers of other implementations to the offer of {@link offerToBrowsers}, by name. */
export function recordedAnswers(): ReadonlyMap<string, string> {
  const folder = new URL('../vectors/sdp/', import.meta.url);
  const found = readdirSync(folder).filter((name) => name.endsWith('-answer.sdp'));
  return new Map(found.map((name) => [name.slice(0, -'-answer.sdp'.length), readFileSync(new URL(name, folder), 'utf8')]));
}

/** A machine with an offer of sound and pictures both ways, more pictures to receive, and data. */
export function offerToBrowsers(): Jsep {
  const jsep = makeMediaJsep('a', { media: BROWSER_MEDIA });
  jsep.addTrack('audio', 'microphone', ['stream']);
  jsep.addTransceiver('video', { trackId: 'camera', streamIds: ['stream'] });
  jsep.addTransceiver('video', { direction: 'recvonly' });
  jsep.addDataChannel();
  jsep.setLocalDescription();
  return jsep;
}

/** A machine with media; its SSRCs count up. */
export function makeMediaJsep(letter: string, overrides: Partial<JsepConfig> = {}): Jsep {
  let ssrc = letter.charCodeAt(0) * 1000;
  return makeJsep(letter, { media: MEDIA, cname: `${letter}-cname`, ssrc: () => ++ssrc, ...overrides });
}

/** What holds of media after these effects; `undefined` when they do not say. */
export function agreed(effects: readonly JsepEffect[]): readonly MediaAgreement[] | undefined {
  return only(effects, 'media').at(-1)?.agreements;
}

/** Names with payload types, as in `96 VP8`. */
export function names(codecs: readonly RtpCodec[] | undefined): readonly string[] {
  return (codecs ?? []).map(({ payloadType, name }) => `${payloadType} ${name}`);
}

/** The lines of a description that begin so. */
export function linesOf(description: Description | null, beginning: string): readonly string[] {
  return (description?.sdp ?? '').split('\r\n').filter((line) => line.startsWith(beginning));
}

/** One section of a description, as text. */
export function sectionOf(description: Description | null, index: number): string {
  const [, ...sections] = `\r\n${description?.sdp ?? ''}`.split('\r\nm=');
  return `m=${sections[index] ?? ''}`;
}

export { type Description, Jsep, type JsepEffect, makeJsep, type MediaAgreement, type MediaCapabilities, negotiate, only, seededRandom };
