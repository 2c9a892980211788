/**
 * Payloads of hostile clients, for fast-check: values of any kind, and values of a schema in which something is then
 * corrupted. Some texts are names of things that exist, so that not all payloads stop at the first check.
 */
import fc from 'fast-check';

/** Names of things that exist, by the name of the field that takes them. */
export type Leads = Readonly<Record<string, readonly unknown[]>>;

interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** The longest text that is generated from a regular expression: longer ones take too much time. */
const SHORT = 20;

const nested = (depth: number) => {
  let value: unknown = 'deep';
  for (let i = 0; i < depth; i += 1) value = i % 2 ? [value] : { a: value };
  return value;
};

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    'a\u0007b',
    '\ud800',
    '*',
    '>',
    '*.>',
    '../../etc/passwd',
    "' OR 1=1 --",
    '%00',
    '%',
  ),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'null',
    '-1',
    '1e309',
    '9007199254740993',
    'inbox',
    'ticket:*',
  ),
  fc.constantFrom('x'.repeat(5_000), '💣'.repeat(3_000), 'ticket:', 'room:..', 'user:', '\u202e', 'İ', '\uffff'),
  fc.string({ unit: 'binary' }),
  fc.string(),
);

/** A character that no field takes, inside an ordinary text. */
const controlText = fc.constantFrom('a\u0000b', 'a\u0007b', 'a\ud800b');

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: hostileText },
  { weight: 2, arbitrary: controlText },
  fc.constantFrom(null, true, 0, -1, 1.5, 1e308, 2 ** 31, 2 ** 53, Number.MIN_SAFE_INTEGER),
  fc.jsonValue(),
  fc.constantFrom([], {}, [[]], [null], { length: 1 }, { toString: 1 }, { toJSON: 'x' }, { $ne: null }),
  fc.constantFrom(nested(31), nested(33), nested(500), new Array(3_000).fill(0), { a: 'x'.repeat(70_000) }),
  fc.constantFrom('{"__proto__":{"a":1}}', '{"constructor":{"prototype":{"a":1}}}').map((text) => JSON.parse(text)),
);

/** Fits the schema, or almost. */
export function valueFor(schema: Schema, leads: Leads, name = ''): fc.Arbitrary<unknown> {
  const known = leads[name];
  if (known !== undefined && known.length > 0) {
    return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, plain(schema, leads));
  }
  return plain(schema, leads);
}

function plain(schema: Schema, leads: Leads): fc.Arbitrary<unknown> {
  const alternatives = schema.anyOf ?? [];
  if (alternatives.length > 0) return fc.oneof(...alternatives.map((one) => valueFor(one, leads)));
  if (schema.allOf?.[0] !== undefined) return valueFor(schema.allOf[0], leads);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if ('const' in schema) return fc.constant(schema.const);
  switch (schema.type) {
    case 'object': {
      const required = [...(schema.required ?? [])];
      const properties = Object.entries(schema.properties ?? {});
      const fields = properties.map(([key, one]) => [key, valueFor(one, leads, key)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: required, noNullPrototype: true });
    }
    case 'array':
      return fc.array(valueFor(schema.items ?? {}, leads), { minLength: schema.minItems ?? 0, maxLength: 5 });
    case 'integer':
    case 'number':
      return fc.oneof(
        fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1_000, 1_000) }),
        fc.constantFrom(schema.minimum ?? 0, schema.maximum ?? 2 ** 31 - 1),
      );
    case 'boolean':
      return fc.boolean();
    case 'string':
      return schema.pattern === undefined
        ? fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? SHORT, SHORT) })
        : fc.stringMatching(/^[A-Za-z0-9-]{1,8}$/);
    default:
      return fc.jsonValue();
  }
}

/** A value of the schema; one with corrupted, missing or additional fields; or any value. */
export function payloadFor(schema: Schema, leads: Leads): fc.Arbitrary<unknown> {
  const fitting = valueFor(schema, leads);
  const spoilt = fc
    .tuple(
      fitting,
      fc.array(fc.tuple(fc.nat(), fc.constantFrom('set', 'drop', 'add', 'wrap'), hostileValue), {
        minLength: 1,
        maxLength: 3,
      }),
      hostileText,
    )
    .map(([value, changes, key]) => changes.reduce((spoiling, change) => spoil(spoiling, change, key), value));
  // One text alone is wrong: no schema refuses it, and the check before the schemas does.
  const poisoned = fc
    .tuple(fitting, fc.nat(), controlText)
    .map(([value, at, text]) => spoil(value, [at, 'set', text], ''));
  return fc.oneof(
    { weight: 3, arbitrary: fitting },
    { weight: 5, arbitrary: spoilt },
    { weight: 2, arbitrary: hostileValue },
    { weight: 3, arbitrary: poisoned },
  );
}

/** Whether a value contains a forbidden text or field name. */
export function isHostile(value: unknown): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it searches for them
  if (typeof value === 'string') return /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(value) || !value.isWellFormed();
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, one]) => key === '__proto__' || isHostile(key) || isHostile(one));
}

function spoil(value: unknown, [at, how, by]: [number, string, unknown], key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return by;
  const fields = Object.entries(value);
  if (how === 'add') return Object.fromEntries([...fields, [key, by]]);
  const [name] = fields[at % Math.max(1, fields.length)] ?? [];
  if (name === undefined) return by;
  if (how === 'drop') return Object.fromEntries(fields.filter(([one]) => one !== name));
  return Object.fromEntries(fields.map(([one, old]) => [one, one === name ? (how === 'wrap' ? [old] : by) : old]));
}
