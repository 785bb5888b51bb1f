/** What is told of a text that does not match; the pattern itself says little to most readers. */
const rules = {
  '^[^\\u0000-\\u001f\\u007f]+$': 'must not have control characters',
  '^[A-Za-z0-9._-]{1,64}$': 'must be 1 to 64 of A-Z a-z 0-9 . _ -',
  '^[A-Za-z0-9]{3,8}$': 'must be 3 to 8 letters or digits',
  '^([1-9]|[1-9][0-9]|1[0-9][0-9]|200)$': 'must be a whole number from 1 to 200',
  '^[a-z0-9_-]{1,32}$': 'must be 1 to 32 of a-z 0-9 _ -',
  '^[!-~]{1,200}$': 'must be 1 to 200 visible ASCII characters',
} as const;

/** The pattern of a text in a request; one without a rule does not compile. */
type Pattern = keyof typeof rules;

export function matching<const P extends Pattern>(pattern: P) {
  return { type: 'string', pattern } as const;
}

/** Undefined for what is no pattern of a request. */
export function ruleOf(pattern: unknown): string | undefined {
  return Object.hasOwn(rules, String(pattern)) ? rules[pattern as Pattern] : undefined;
}
