import { DAY_MS, dayOf } from './daily.js';

/** Texts of the last times that were asked for: what is decided in one turn has the same. */
const texts = new Map<number, string>();
const REMEMBERED = 64;

/** RFC 3339, UTC, of milliseconds since 1970. The calendar is proleptic Gregorian. */
export function rfc3339(time: number): string {
  const known = texts.get(time);
  if (known !== undefined) return known;
  const text = textOf(time);
  if (texts.size >= REMEMBERED) texts.clear();
  texts.set(time, text);
  return text;
}

function textOf(time: number): string {
  const day = dayOf(time);
  const rest = time - day * DAY_MS;
  const { year, month, date } = civil(day);
  const [hours, minutes] = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60];
  const [seconds, ms] = [Math.floor(rest / 1000) % 60, rest % 1000];
  return (
    `${pad(year, 4)}-${pad(month, 2)}-${pad(date, 2)}T` +
    `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(ms, 3)}Z`
  );
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

/** The date of a day counted from 1970-01-01, by eras of 400 years that begin in March. */
function civil(day: number): { year: number; month: number; date: number } {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  );
  const ofYear =
    ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const date = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, date };
}
