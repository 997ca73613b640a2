/** The libraries that can be measured, in the order of the table, and their files. */
export const LIBRARY_FILES = {
  sansrtc: 'sansrtc.ts',
  'node-datachannel': 'node-datachannel.ts',
  '@roamhq/wrtc': 'wrtc.ts',
  werift: 'werift.ts',
} as const;

/** A browser takes part in transfers, where it is installed: it is no library, and a page cannot measure much else. */
export const BROWSER = 'Chromium';

export type LibraryName = keyof typeof LIBRARY_FILES | typeof BROWSER;

/** All that run in Node.js. */
export const NODE_LIBRARIES = Object.keys(LIBRARY_FILES) as readonly (keyof typeof LIBRARY_FILES)[];

export const LIBRARY_NAMES: readonly LibraryName[] = [...NODE_LIBRARIES, BROWSER];
