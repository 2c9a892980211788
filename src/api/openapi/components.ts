/**
 * Gives the document's titled schemas a place of their own, `#/components/schemas/<title>`, and refers to them from where
 * they stand, so that a reader and a generator of clients meet each thing once.
 */
import { isDeepStrictEqual } from 'node:util';

type Node = Readonly<Record<string, unknown>>;

/** Throws when two different schemas have one title. */
export function withComponents<D extends object>(document: D): D {
  const { paths, components }: { paths?: unknown; components?: object } = document;
  const schemas: Record<string, unknown> = {};

  function visit(node: unknown): unknown {
    if (Array.isArray(node)) return node.map(visit);
    if (!isNode(node)) return node;
    const visited = Object.fromEntries(Object.entries(node).map(([key, child]) => [key, visit(child)]));
    const { title, description: _, ...schema } = visited;
    if (typeof title !== 'string') return visited;
    if (title in schemas && !isDeepStrictEqual(schemas[title], schema)) {
      throw new Error(`two schemas of the document are called ${title}`);
    }
    schemas[title] = schema;
    return { $ref: `#/components/schemas/${title}` };
  }

  const visited = visit(paths);
  return { ...document, paths: optionalBodies(visited), components: { ...components, schemas } };
}

/** A body of which nothing is required may be left out. */
function optionalBodies(paths: unknown): Node {
  return mapEntries(paths, (path) =>
    mapEntries(path, (operation) => {
      const { requestBody } = operation;
      if (!isNode(requestBody) || !isNode(requestBody.content)) return operation;
      const json = requestBody.content['application/json'];
      const schema = isNode(json) ? json.schema : undefined;
      const needed = !isNode(schema) || (Array.isArray(schema.required) && schema.required.length > 0);
      return { ...operation, requestBody: { ...requestBody, required: needed } };
    }),
  );
}

function mapEntries(node: unknown, map: (child: Node) => unknown): Node {
  if (!isNode(node)) return {};
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, isNode(child) ? map(child) : child]));
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
