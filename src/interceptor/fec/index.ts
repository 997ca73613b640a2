export { fecReceiver, FecReceiver } from './receiver.ts';
export { fecSender, FecSender, type FecSenderConfig } from './sender.ts';
