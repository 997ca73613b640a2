export { redundantAudio, RedundantAudio, type RedundantAudioConfig } from './redundant-audio.ts';
