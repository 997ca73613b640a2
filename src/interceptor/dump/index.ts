export { type DumpRecord, PacketDump, type PacketDumpConfig } from './packet-dump.ts';
