/**
 * The first bytes of packed values: MessagePack's, but for those from 0x40 to 0x7f, where it has
 * numbers and these are objects of a known shape. The code of a length or number of one byte is
 * followed by those of two and four bytes; numbers are big-endian.
 */
export const CODES = {
  shape: 0x40,
  fix_map: 0x80,
  fix_list: 0x90,
  fix_text: 0xa0,
  null: 0xc0,
  false: 0xc2,
  true: 0xc3,
  bytes: 0xc4,
  double: 0xcb,
  unsigned: 0xcc,
  signed: 0xd0,
  text: 0xd9,
  /** Of two bytes: there are no lists and maps of one. */
  list: 0xdc,
  map: 0xde,
  negative: 0xe0,
} as const;
