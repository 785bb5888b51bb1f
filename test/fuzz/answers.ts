/** An answer on the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly body: string;
}

/** What came back on one connection, as answers; `rest` is what is left of one that was cut off. */
export interface Reading {
  readonly answers: readonly WireAnswer[];
  readonly rest: string;
}

const head = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[!-9;-~]+: [^\r\n]*\r\n)*)\r\n/;

/** Reads answers of HTTP/1.1 that tell the length of their bodies, or send them in chunks. */
export function readAnswers(text: string): Reading {
  const answers: WireAnswer[] = [];
  let rest = text;
  for (;;) {
    const found = head.exec(rest);
    if (found === null) return { answers, rest };
    const [all, status = '', headers = ''] = found;
    const after = rest.slice(all.length);
    const end = bodyEnd(Number(status), headers, after);
    if (end === undefined) return { answers, rest };
    answers.push({ status: Number(status), body: after.slice(0, end) });
    rest = after.slice(end);
  }
}

/** Where a body ends; undefined when not all of it is there. */
function bodyEnd(status: number, headers: string, after: string): number | undefined {
  if (status < 200 || status === 204 || status === 304) return 0;
  if (/^transfer-encoding: chunked\r$/im.test(headers)) {
    const last = after.indexOf('0\r\n\r\n');
    return last < 0 ? undefined : last + '0\r\n\r\n'.length;
  }
  const length = Number(/^content-length: (\d+)\r$/im.exec(headers)?.[1] ?? 0);
  return length > after.length ? undefined : length;
}
