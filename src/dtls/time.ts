import { DecodeError, encodeUtf8 } from '../core/index.ts';
import { derValue, Tag } from './der.ts';

const DAY_MS = 86_400_000;

/** Days since 1970-01-01 of a date of the Gregorian calendar. */
function daysOf(year: number, month: number, day: number): number {
  // Count years from March, so that the leap day is the last of its year.
  const y = month <= 2 ? year - 1 : year;
  const fromMarch = (month + 9) % 12;
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return 365 * y + leapDays + Math.floor((153 * fromMarch + 2) / 5) + day - 1 - 719_468;
}

/** A certificate's Time (RFC 5280 4.1.2.5) of milliseconds since the Unix epoch, to the second. */
export function encodeTime(unixMs: number): Uint8Array {
  const days = Math.floor(unixMs / DAY_MS);
  let year = 1970 + Math.floor(days / 365.2425);
  if (daysOf(year, 1, 1) > days) year--;
  else if (daysOf(year + 1, 1, 1) <= days) year++;
  // No month has more than 31 days, so this is the right one or the one before it.
  let month = Math.floor((days - daysOf(year, 1, 1)) / 31) + 1;
  if (month < 12 && daysOf(year, month + 1, 1) <= days) month++;
  const seconds = Math.floor((unixMs - days * DAY_MS) / 1000);
  const rest = [month, days - daysOf(year, month, 1) + 1, Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join('');
  // UTCTime until 2049, GeneralizedTime after.
  return year < 2050 ? derValue(Tag.utcTime, encodeUtf8(`${two(year % 100)}${rest}Z`)) : derValue(Tag.generalizedTime, encodeUtf8(`${year}${rest}Z`));
}

const two = (n: number): string => (n < 10 ? `0${n}` : String(n));

/** Milliseconds since the Unix epoch of a certificate's Time. */
export function decodeTime(tag: number, content: Uint8Array): number {
  const digits = tag === Tag.utcTime ? 12 : 14;
  if (content.length !== digits + 1 || content[digits] !== 0x5a) throw new DecodeError('dtls.der', 'not a time');
  const number = (at: number, count: number): number => {
    let value = 0;
    for (let i = at; i < at + count; i++) {
      const digit = (content[i] as number) - 48;
      if (digit < 0 || digit > 9) throw new DecodeError('dtls.der', 'not a time');
      value = value * 10 + digit;
    }
    return value;
  };
  const short = number(0, 2);
  const year = tag === Tag.utcTime ? (short < 50 ? 2000 + short : 1900 + short) : number(0, 4);
  const at = digits - 10;
  const month = number(at, 2);
  const day = number(at + 2, 2);
  const hour = number(at + 4, 2);
  const minute = number(at + 6, 2);
  const second = number(at + 8, 2);
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59) throw new DecodeError('dtls.der', 'not a time');
  return daysOf(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000;
}
