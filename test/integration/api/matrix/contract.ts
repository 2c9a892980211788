/** Checks answers against the OpenAPI document: status, headers and body. */
import { Compile } from 'typebox/compile';
import { expect } from 'vitest';
import type { Answer } from '../rig.ts';

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
}

interface Response {
  readonly headers?: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, { schema: object }>>;
}

/** Fails the test when the document does not describe the answer of a route (`GET /api/v1/tickets/:ticketId`). */
export type Contract = (route: string, answer: Answer) => void;

export function contractOf(document: Document): Contract {
  const compiled = new Map<object, ReturnType<typeof Compile>>();

  const check = (schema: object, body: unknown, what: string) => {
    const validator = compiled.get(schema) ?? Compile(withoutReferences(schema, document) as object);
    compiled.set(schema, validator);
    expect(validator.Check(body) ? [] : validator.Errors(body), what).toEqual([]);
  };

  return (route, { status, headers, body }) => {
    const [method = '', url = ''] = route.split(' ');
    const operation = document.paths[url.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
    const response = operation?.responses[status];
    expect(response, `${route} documents ${status}: ${JSON.stringify(body)}`).toBeDefined();
    for (const name of Object.keys(response?.headers ?? {})) {
      expect(headers.has(name), `${route} ${status} has ${name}`).toBe(true);
    }
    const [type] = (headers.get('content-type') ?? '').split(';');
    const content = response?.content?.[type ?? ''];
    // The content of a file has no schema.
    if (response?.content?.['*/*'] !== undefined) return;
    if (body === undefined) expect(response?.content, `${route} ${status}`).toBeUndefined();
    else check(content?.schema ?? {}, body, `${route} ${status} ${type}`);
    if (body !== undefined) expect(content, `${route} ${status} ${type}`).toBeDefined();
  };
}

function withoutReferences(node: unknown, document: Document): unknown {
  if (Array.isArray(node)) return node.map((item) => withoutReferences(item, document));
  if (typeof node !== 'object' || node === null) return node;
  const reference = '$ref' in node && typeof node.$ref === 'string' ? node.$ref.split('/').at(-1) : undefined;
  if (reference !== undefined) return withoutReferences(document.components.schemas[reference], document);
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, withoutReferences(value, document)]));
}
