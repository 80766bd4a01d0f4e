/**
 * The clock of z80pack's cpmsim, ports 25 and 26. It tells guest time: from the moment that `start` gives, the machine's
 * own seconds go by.
 *
 *     offset  read                        write
 *     0       0: BCD, 1: binary           what the data register shows, as below; FF toggles BCD and binary
 *     1       what was chosen             nothing
 *
 *     0 seconds  1 minutes  2 hours  3, 4 days since 31 December 1977, low and high byte
 *     5 day of the month  6 month, January being 0  7 years since 1900
 *
 * Only 3 and 4 are binary always. Month and year are C's `struct tm`, and a year above 99 has a BCD digit above 9.
 */
import { bit, defineDevice, u8, z } from '@backplane/core';

const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
const FIRST_YEAR = 1978;
const LAST_YEAR = 2099;
const DAY = 86400;

const isLeap = (year: number): boolean => year % 4 === 0;
const daysIn = (year: number, month: number): number => (month === 1 && isLeap(year) ? 29 : (MONTHS[month] as number));
const bcd = (value: number): number => (Math.floor(value / 10) << 4) | (value % 10);

/** Seconds from the beginning of 1978 to a moment such as `1989-05-19 12:00:00`; undefined for what is none. */
function parseMoment(text: string): number | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12) return undefined;
  if (day < 1 || day > daysIn(year, month - 1) || hours > 23 || minutes > 59 || seconds > 59) return undefined;
  let days = day - 1;
  for (let earlier = FIRST_YEAR; earlier < year; earlier += 1) days += isLeap(earlier) ? 366 : 365;
  for (let earlier = 0; earlier < month - 1; earlier += 1) days += daysIn(year, earlier);
  return days * DAY + hours * 3600 + minutes * 60 + seconds;
}

const moment = z.string().transform((text, context) => {
  const seconds = parseMoment(text);
  if (seconds === undefined) {
    context.addIssue({ code: 'custom', message: `'${text}' is no date; write 1989-05-19 or 1989-05-19 12:30:00` });
    return z.NEVER;
  }
  return seconds;
});

export const z80packClock = defineDevice({
  type: 'z80pack-clock',
  version: 1,
  description: "z80pack's clock: date and time of the guest",
  size: 2,
  config: z.object({ start: moment.default(parseMoment('1989-05-19') as number) }),
  state: () => ({ shown: u8(), binary: bit() }),
  create({ config: { start }, state, clock }) {
    const show = (): number => {
      const now = start + Math.floor(clock.now() / clock.hertz);
      const days = Math.floor(now / DAY);
      let year = FIRST_YEAR;
      let day = days;
      for (let length = 365; day >= length; length = isLeap(year) ? 366 : 365) {
        day -= length;
        year += 1;
      }
      let month = 0;
      for (; day >= daysIn(year, month); month += 1) day -= daysIn(year, month);
      if (state.shown === 3) return (days + 1) & 0xff;
      if (state.shown === 4) return (days + 1) >> 8;
      const parts = [
        now % 60,
        Math.floor(now / 60) % 60,
        Math.floor(now / 3600) % 24,
        0,
        0,
        day + 1,
        month,
        year - 1900,
      ];
      const value = parts[state.shown] ?? 0;
      return (state.binary ? value : bcd(value)) & 0xff;
    };
    const read = (offset: number): number => (offset === 0 ? state.binary : show());
    return {
      reset() {
        state.shown = 0;
        state.binary = 0;
      },
      read,
      peek: read,
      write(offset, value) {
        if (offset !== 0) return;
        state.shown = value;
        if (value === 0xff) state.binary ^= 1;
      },
    };
  },
});
