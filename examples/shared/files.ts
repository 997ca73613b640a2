import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileEnd, MediaSink } from 'sansrtc/media';
import { stop } from './stop.ts';

/** A folder, which is made if need be. */
export function folderOf(path: string): string {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
    return path;
  } catch (error) {
    return stop(`The folder ${path} cannot be used: ${(error as Error).message}`);
  }
}

/** Writes a small file. */
export function writeText(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    stop(`The file ${path} cannot be written: ${(error as Error).message}`);
  }
}

/** A new file, named after the time. */
async function begin(folder: string, extension: string): Promise<{ readonly path: string; readonly handle: FileHandle }> {
  const time = new Date().toISOString().slice(0, 23).replaceAll(/[:.]/g, '-');
  const path = join(folder, `${time}.${extension}`);
  return { path, handle: await open(path, 'w') };
}

/** A file that is appended to, and mended at its end. */
export async function createFile(folder: string, extension: string): Promise<{ readonly path: string; write(bytes: Uint8Array): Promise<void>; finish(end: FileEnd): Promise<void> }> {
  const { path, handle } = await begin(folder, extension);
  return {
    path,
    async write(bytes) {
      await handle.write(bytes);
    },
    async finish({ bytes, patches }) {
      await handle.write(bytes);
      for (const patch of patches) await handle.write(patch.bytes, 0, patch.bytes.length, patch.position);
      await handle.close();
    },
  };
}

/** A file that is written anywhere, as a recorder does. */
export async function createSink(folder: string, extension: string): Promise<MediaSink & { readonly path: string }> {
  const { path, handle } = await begin(folder, extension);
  return {
    path,
    async write(bytes, position) {
      await handle.write(bytes, 0, bytes.length, position);
    },
    close: () => handle.close(),
  };
}
