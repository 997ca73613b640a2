export { nackGenerator, NackGenerator, type NackGeneratorConfig } from './generator.ts';
export { nackRepeater, nackResponder, NackResponder, type NackResponderConfig } from './responder.ts';
export { rtxReceiver, RtxReceiver } from './rtx-receiver.ts';
