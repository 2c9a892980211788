/**
 * Moves the titled schemas of the OpenAPI document to `#/components/schemas/<title>` and refers to them from there, so
 * that readers and client generators get each schema once.
 */
import { isDeepStrictEqual } from 'node:util';

type Node = Readonly<Record<string, unknown>>;

/** Throws when two different schemas have the same title. */
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

/** Marks a body without required fields as optional. */
function optionalBodies(paths: unknown): Node {
  return mapEntries(paths, (path) =>
    mapEntries(path, (route) => {
      const { requestBody } = route;
      if (!isNode(requestBody) || !isNode(requestBody.content)) return route;
      const json = requestBody.content['application/json'];
      const schema = isNode(json) ? json.schema : undefined;
      const needed = !isNode(schema) || (Array.isArray(schema.required) && schema.required.length > 0);
      return { ...route, requestBody: { ...requestBody, required: needed } };
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
