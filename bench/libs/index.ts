/** The libraries that can be measured, in the order of the table, and their files. */
export const LIBRARY_FILES = {
  sansrtc: 'sansrtc.ts',
  'node-datachannel': 'node-datachannel.ts',
  '@roamhq/wrtc': 'wrtc.ts',
  werift: 'werift.ts',
} as const;

export type LibraryName = keyof typeof LIBRARY_FILES;

export const LIBRARY_NAMES = Object.keys(LIBRARY_FILES) as readonly LibraryName[];
