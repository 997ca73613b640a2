import {
  MAX_DESCRIPTION_LENGTH,
  MAX_EXTENSIONS_PER_SECTION,
  MAX_FORMATS_PER_SECTION,
  MAX_LINE_LENGTH,
  MAX_LINES,
  MAX_MEDIA_SECTIONS,
} from './constants.ts';

/** How much of a description is read; more is an `ERR_SDP_SYNTAX`. */
export interface SdpLimits {
  /** Longest description, in UTF-16 code units. Default 1 MiB. */
  readonly maxLength: number;
  /** Most lines. Default 20 000. */
  readonly maxLines: number;
  /** Longest line, in UTF-16 code units. Default 16 KiB. */
  readonly maxLineLength: number;
  /** Most `m=` sections. Default 512. */
  readonly maxMediaSections: number;
  /** Most formats, and most `a=rtpmap` lines, of a section. Default 128. */
  readonly maxFormats: number;
  /** Most `a=extmap` lines of a section. Default 64. */
  readonly maxExtensions: number;
}

/** What is put up with, unless a caller says otherwise. */
export const DEFAULT_SDP_LIMITS: SdpLimits = Object.freeze({
  maxLength: MAX_DESCRIPTION_LENGTH,
  maxLines: MAX_LINES,
  maxLineLength: MAX_LINE_LENGTH,
  maxMediaSections: MAX_MEDIA_SECTIONS,
  maxFormats: MAX_FORMATS_PER_SECTION,
  maxExtensions: MAX_EXTENSIONS_PER_SECTION,
});
